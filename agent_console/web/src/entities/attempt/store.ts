import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { useSession } from '@/entities/session/store'
import { api } from '@/transport/api'
import { line } from '@/transport/line'
import type { AttemptResult, AttemptStage, AttemptView } from '@/transport/messages.gen'
import { toApiError, type ApiError } from '@/transport/problem'

/** The results in the order of their keys 1-5. */
export const RESULTS: readonly AttemptResult[] = ['reached', 'busy', 'no_answer', 'refused', 'wrong_number']
const RUNNING: ReadonlySet<AttemptStage> = new Set(['ordered', 'calling', 'talking'])
const LOOK_AGAIN_MS = 2_000

/** The call that this agent is making to a citizen, until its result is filed. It shows what the server says. */
export const useAttempt = defineStore('attempt', () => {
  const current = shallowRef<AttemptView | null>(null)
  const problem = shallowRef<ApiError | null>(null)
  const busy = ref(false)
  /** One intent, one id: a second press, or a line that broke on the way, calls nobody twice. */
  let intent: { key: string; id: string } | null = null
  let dismissed = ''
  let again: ReturnType<typeof setTimeout> | undefined
  let asking = false
  let stale = false

  const running = computed(() => current.value !== null && RUNNING.has(current.value.stage))

  function show(attempt: AttemptView | null): void {
    current.value = attempt && attempt.attempt_id !== dismissed && (!attempt.result || RUNNING.has(attempt.stage)) ? attempt : null
    clearTimeout(again)
    if (running.value) again = setTimeout(() => void refresh(), LOOK_AGAIN_MS)
  }

  async function act(work: () => Promise<AttemptView>): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = null
    try {
      show(await work())
    } catch (thrown) {
      problem.value = toApiError(thrown)
      void refresh()
    } finally {
      busy.value = false
    }
  }

  async function dial(caseId: string, callbackId: string | null): Promise<void> {
    const key = `${caseId} ${callbackId}`
    if (intent?.key !== key) intent = { key, id: crypto.randomUUID() }
    const order = { command: 'dial', request_id: intent.id, case_id: caseId, callback_id: callbackId } as const
    await act(() => line.send<AttemptView>(order, { repeatable: true }))
    // Whether an order without an answer called somebody is not known, so the next press asks for the same one.
    if (!problem.value?.transient) intent = null
  }

  function file(result: AttemptResult): Promise<void> {
    const attempt = current.value
    if (!attempt?.owes_result) return Promise.resolve()
    return act(() => line.send<AttemptView>({ command: 'file_result', attempt_id: attempt.attempt_id, result }, { repeatable: true }))
  }

  /** Asks how the call stands; what comes while an answer is on its way asks once more. */
  async function refresh(): Promise<void> {
    if (!useSession().can('calls.dial')) return
    if (asking) return void (stale = true)
    asking = true
    try {
      do {
        stale = false
        const { attempt } = await api.currentAttempt()
        show(attempt)
      } while (stale)
    } catch {
      if (running.value) again = setTimeout(() => void refresh(), LOOK_AGAIN_MS)
    } finally {
      asking = false
    }
  }

  return {
    current,
    problem,
    busy,
    running,
    dial,
    file,
    refresh,
    /** Something moved that a running call may have to do with. */
    moved: () => current.value && void refresh(),
    dismiss(): void {
      problem.value = null
      if (current.value?.stage !== 'not_placed') return
      dismissed = current.value.attempt_id
      current.value = null
    },
    clear(): void {
      clearTimeout(again)
      current.value = problem.value = null
    },
  }
})
