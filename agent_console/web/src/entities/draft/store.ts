import { defineStore } from 'pinia'
import { computed, reactive, ref } from 'vue'
import { exactNow } from '@/lib/clock'
import { Keep } from '@/lib/storage'
import type { DraftContent, DraftView } from '@/transport/messages.gen'
import { line } from '@/transport/line'
import { toApiError } from '@/transport/problem'
import * as sync from './sync'

/** A pause in typing of this length saves, ms. */
const PAUSE_MS = 400
const RETRY_MS = 3_000

/** The server knows this draft no more, or never did. */
const GONE: ReadonlySet<string> = new Set(['DraftFiled', 'DraftNotYours'])

/** The forms that are begun and not yet filed, of which one is on the screen. */
export const useDrafts = defineStore('drafts', () => {
  const records = reactive(new Map<string, sync.DraftRecord>())
  const activeId = ref<string | null>(null)
  /** The call that a form begun now belongs to. */
  const callId = ref<string | null>(null)
  const saving = ref(false)
  const reachable = ref(false)
  /** Drafts that are being filed: no save may bring them back. */
  const frozen = reactive(new Set<string>())
  const refusedAt = new Map<string, number>()
  let keep: Keep<sync.DraftRecord> | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  const active = computed(() => (activeId.value ? (records.get(activeId.value) ?? null) : null))
  const content = computed<DraftContent>(() => active.value?.content ?? sync.emptyContent())
  const unfinished = computed(() =>
    [...records.values()]
      .filter((each) => each.draftId !== activeId.value && !frozen.has(each.draftId) && sync.holdsWords(each.content))
      .sort((a, b) => b.editedAt - a.editedAt),
  )

  /** Takes up what this person left in this browser; called once the person is known. */
  function open(userId: string): void {
    keep = new Keep(`hotline.draft.${userId}.`)
    for (const left of keep.all()) records.set(left.draftId, left)
  }

  function put(record: sync.DraftRecord): void {
    records.set(record.draftId, record)
    if (record.dirty) keep?.put(record.draftId, record)
    else keep?.remove(record.draftId)
  }

  function forget(draftId: string): void {
    records.delete(draftId)
    frozen.delete(draftId)
    keep?.remove(draftId)
    if (activeId.value === draftId) activeId.value = null
  }

  function set<Field extends keyof DraftContent>(field: Field, value: DraftContent[Field]): void {
    if (content.value[field] === value) return
    const now = exactNow()
    const record = active.value ?? sync.begin(crypto.randomUUID(), callId.value, now)
    activeId.value = record.draftId
    put(sync.edit(record, { ...record.content, [field]: value }, now))
    schedule(PAUSE_MS)
  }

  function schedule(ms: number): void {
    clearTimeout(timer)
    timer = setTimeout(() => void flush(), ms)
  }

  /** Saves all that is not saved yet, one after the other; what fails for now is tried again. */
  async function flush(): Promise<void> {
    clearTimeout(timer)
    if (saving.value || !reachable.value) return
    saving.value = true
    try {
      for (const record of [...records.values()]) if (record.dirty && !frozen.has(record.draftId)) await save(record)
    } finally {
      saving.value = false
    }
    if ([...records.values()].some((each) => each.dirty && !frozen.has(each.draftId))) schedule(PAUSE_MS)
  }

  async function save({ draftId, callId: call, revision, content: sent }: sync.DraftRecord): Promise<void> {
    try {
      const view = await line.send<DraftView>({
        command: 'save_draft',
        draft_id: draftId,
        call_id: call,
        revision,
        content: sent,
      })
      refusedAt.delete(draftId)
      const record = records.get(draftId)
      if (record) put(sync.saved(record, view, sent))
    } catch (thrown) {
      const error = toApiError(thrown)
      if (GONE.has(error.problem.error)) renew(draftId)
      else refused(draftId, revision, error.transient)
    }
  }

  /** What is typed into a draft that was filed or thrown away elsewhere goes on as a new one. */
  function renew(draftId: string): void {
    const record = records.get(draftId)
    if (!record) return
    const shown = activeId.value === draftId
    forget(draftId)
    const next = { ...record, draftId: crypto.randomUUID(), revision: 0, dirty: true }
    put(next)
    if (shown) activeId.value = next.draftId
  }

  function refused(draftId: string, revision: number, transient: boolean): void {
    reachable.value = false
    if (transient) {
      setTimeout(() => online(), RETRY_MS)
      return
    }
    // Another tab saved the same draft first: a fresh state says on what to build. A second refusal of the same
    // revision has another cause, and waits for the next change of state.
    const again = refusedAt.get(draftId) === revision
    refusedAt.set(draftId, revision)
    if (!again) line.resync()
  }

  function online(): void {
    reachable.value = true
    void flush()
  }

  /** The server's whole list of this person's drafts. What is clean here and gone there was filed or thrown away. */
  function welcome(drafts: readonly DraftView[]): void {
    const there = new Map(drafts.map((view) => [view.draft_id, view]))
    for (const record of [...records.values()]) {
      if (there.has(record.draftId) || frozen.has(record.draftId)) continue
      if (record.dirty) put({ ...record, revision: 0 })
      else forget(record.draftId)
    }
    for (const view of there.values()) changed(view, false)
    online()
  }

  function changed(view: DraftView, discarded: boolean): void {
    if (frozen.has(view.draft_id)) return
    const local = records.get(view.draft_id) ?? null
    if (discarded) {
      if (!local?.dirty) forget(view.draft_id)
      return
    }
    put(sync.merge(local, view))
  }

  /** Brings the form of a call to the screen: the one begun for it, or an empty one. */
  function showCall(call: string | null): void {
    callId.value = call
    const begun = [...records.values()].find((each) => each.callId === call && !frozen.has(each.draftId))
    activeId.value = call && begun ? begun.draftId : null
  }

  function show(draftId: string): void {
    const record = records.get(draftId)
    if (!record) return
    activeId.value = draftId
    callId.value = record.callId
  }

  /** Brings back the form that was worked on last, where no call decides which one is due. */
  function showLatest(): void {
    const latest = unfinished.value[0]
    if (latest && !activeId.value) show(latest.draftId)
  }

  /** Throws a form away on purpose. */
  async function discard(draftId: string): Promise<void> {
    const known = (records.get(draftId)?.revision ?? 0) > 0
    if (known) await line.send({ command: 'discard_draft', draft_id: draftId }, { repeatable: true })
    forget(draftId)
  }

  /** Gives a form back that could not be filed. */
  function restore(record: sync.DraftRecord): void {
    frozen.delete(record.draftId)
    put({ ...record, dirty: true })
    schedule(0)
  }

  return {
    records,
    active,
    activeId,
    callId,
    content,
    unfinished,
    badge: computed(() => sync.badge(active.value, saving.value, reachable.value)),
    open,
    set,
    flush,
    welcome,
    changed,
    showCall,
    show,
    showLatest,
    discard,
    forget,
    renew,
    restore,
    freeze: (draftId: string) => frozen.add(draftId),
    unfreeze: (draftId: string) => frozen.delete(draftId),
    offline: () => (reachable.value = false),
    close: () => {
      records.clear()
      activeId.value = null
      callId.value = null
    },
  }
})
