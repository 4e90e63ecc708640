import { defineStore } from 'pinia'
import { computed, reactive, ref, shallowRef } from 'vue'
import { useDrafts } from '@/entities/draft/store'
import type { DraftRecord } from '@/entities/draft/sync'
import { exactNow } from '@/lib/clock'
import { Keep } from '@/lib/storage'
import type { CallbackWish, CaseForm, FiledCase } from '@/transport/messages.gen'
import { line } from '@/transport/line'
import { ApiError, toApiError } from '@/transport/problem'
import { callbackWish, caseForm, parentOf } from './form'

/** A case on its way to the server. Its `request_id` files it once, however often it is sent. */
interface Filing {
  record: DraftRecord
  case: CaseForm
  callback: CallbackWish | null
  /** The case under which it goes on; kept ones of an older page have none. */
  parentId?: string | null
  queuedAt: number
}

/** How long an agent waits at the form, and how long what waits in the queue, at which nobody looks. */
const PATIENCE_MS = 4_000
const QUEUE_PATIENCE_MS = 30_000
const RETRY_MS = 3_000

/** Files cases: at once where the server answers, else from a queue that is kept in the browser and empties itself. */
export const useFiling = defineStore('filing', () => {
  const waiting = reactive(new Map<string, Filing>())
  const sending = ref(false)
  const last = shallowRef<FiledCase | null>(null)
  /** The server's refusal of a case that was filed from the queue; the form is back among the drafts. */
  const refusal = shallowRef<ApiError | null>(null)
  let keep: Keep<Filing> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined
  let draining = false

  function open(userId: string): void {
    keep = new Keep(`hotline.filing.${userId}.`)
    for (const left of keep.all()) {
      waiting.set(left.case.request_id, left)
      useDrafts().freeze(left.record.draftId)
    }
  }

  /**
   * Files the form. "filed": it stands in the database. "queued": it waits here for the server, and the form is free
   * for the next citizen. Throws the server's refusal; the form then stands as it was.
   */
  async function file(record: DraftRecord): Promise<'filed' | 'queued'> {
    const form = caseForm(record.content, crypto.randomUUID(), record.draftId, record.callId)
    const filing = { record, case: form, callback: callbackWish(record.content), parentId: parentOf(record.content), queuedAt: exactNow() }
    const drafts = useDrafts()
    drafts.freeze(record.draftId)
    sending.value = true
    put(filing)
    try {
      done(filing, await send(filing, PATIENCE_MS))
      return 'filed'
    } catch (thrown) {
      const error = toApiError(thrown)
      if (error.transient) return queue(filing)
      drop(filing)
      drafts.unfreeze(record.draftId)
      throw error
    } finally {
      sending.value = false
      // what waits may have come to its turn meanwhile, and was put off
      if (waiting.size) schedule()
    }
  }

  function send({ case: form, callback, parentId }: Filing, timeoutMs: number): Promise<FiledCase> {
    return line.send<FiledCase>(
      { command: 'file_case', case: form, callback, parent_id: parentId ?? null },
      { repeatable: true, timeoutMs },
    )
  }

  function put(filing: Filing): void {
    waiting.set(filing.case.request_id, filing)
    keep?.put(filing.case.request_id, filing)
  }

  function drop(filing: Filing): void {
    waiting.delete(filing.case.request_id)
    keep?.remove(filing.case.request_id)
  }

  function done(filing: Filing, filed: FiledCase): void {
    drop(filing)
    useDrafts().forget(filing.record.draftId)
    last.value = filed
  }

  function queue(filing: Filing): 'queued' {
    useDrafts().forget(filing.record.draftId)
    useDrafts().freeze(filing.record.draftId)
    return 'queued'
  }

  function schedule(): void {
    clearTimeout(timer)
    timer = setTimeout(() => void drain(), RETRY_MS)
  }

  /** Sends what waits, oldest first, until the server is away again. */
  async function drain(): Promise<void> {
    if (sending.value || draining) return
    clearTimeout(timer)
    draining = true
    try {
      for (const filing of [...waiting.values()]) {
        try {
          done(filing, await send(filing, QUEUE_PATIENCE_MS))
        } catch (thrown) {
          const error = toApiError(thrown)
          if (error.transient) return
          drop(filing)
          useDrafts().restore(filing.record)
          refusal.value = error
        }
      }
    } finally {
      draining = false
      if (waiting.size) schedule()
    }
  }

  return {
    last,
    refusal,
    sending,
    /** What waits behind the form on the screen. */
    waiting: computed(() => [...waiting.values()].filter(({ record }) => record.draftId !== useDrafts().activeId)),
    open,
    file,
    drain,
    close: () => waiting.clear(),
  }
})
