import { computed, ref, shallowRef } from 'vue'
import { toApiError, type ApiError } from '@/transport/problem'

/** An act that asks for something before it is done. */
interface Asking {
  text?: unknown
  units?: unknown
  moment?: unknown
}

interface Ground<Act> {
  /** The version of the thing as it is shown now. */
  version: () => number | undefined
  move: (act: Act, body: Record<string, unknown>) => Promise<unknown>
  /** Shows how things stand now. */
  reload: () => Promise<unknown>
  /** Called after an act went well. */
  done: (act: Act) => void
}

/** Somebody else was faster, or the thing does not stand where the act begins: it was looked at too early. */
const OVERTAKEN = /(ChangedMeanwhile|CannotMove|Outdated)$/

/**
 * The acts of a person on a case, a task or an entry of a list. What is asked for is asked of the thing as it stood when the question came up:
 * whatever happens to it meanwhile is told before it is done, and what was typed stays to be sent again.
 */
export function useActing<Act extends Asking>({ version, move, reload, done }: Ground<Act>) {
  const asking = shallowRef<Act | null>(null)
  const seen = ref<number>()
  const busy = ref(false)
  const problem = shallowRef<ApiError | null>(null)
  let moving = false
  let shown: Promise<unknown> = Promise.resolve()

  function ask(act: Act): void {
    problem.value = null
    seen.value = version()
    asking.value = act
  }

  function close(): void {
    asking.value = null
    problem.value = null
  }

  /** Does it, once: while it is under way nothing else is sent. An answer that is given before the act before it is shown waits for that. */
  async function send(act: Act, body: Record<string, unknown> = {}): Promise<void> {
    if (moving || (busy.value && asking.value !== act)) return
    moving = busy.value = true
    problem.value = null
    await shown
    try {
      await move(act, { version: asking.value ? seen.value : version(), ...body })
      asking.value = null
      done(act)
    } catch (thrown) {
      problem.value = toApiError(thrown)
    }
    moving = false
    const asked = asking.value
    shown = reload()
    await shown
    // what came up meanwhile is asked of what is shown now; told who was faster, the person decides anew on that
    if (asking.value !== asked || (problem.value && OVERTAKEN.test(problem.value.problem.error))) seen.value = version()
    if (!moving) busy.value = false
  }

  return {
    asking,
    busy,
    problem,
    /** What is asked for was asked of a case that somebody has moved since. */
    stale: computed(() => asking.value !== null && seen.value !== undefined && version() !== seen.value),
    start: (act: Act) => (act.text || act.units || act.moment ? ask(act) : void send(act)),
    send,
    close,
  }
}
