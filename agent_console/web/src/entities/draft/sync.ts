import type { DraftContent, DraftView } from '@/transport/messages.gen'

/**
 * One form as this console holds it. `revision` is the last one of the server that it builds on (0: none yet);
 * `dirty` tells that something typed is not with the server; `editedAt` is in ms of this machine's clock.
 */
export interface DraftRecord {
  draftId: string
  callId: string | null
  revision: number
  content: DraftContent
  dirty: boolean
  editedAt: number
  savedAt: string | null
}

export function emptyContent(): DraftContent {
  return {
    what: '',
    citizen_name: '',
    address: '',
    street_code: '',
    community_code: '',
    place: null,
    component: null,
    class_code: '',
    urgency: 'normal',
    identity_secret: false,
    answered_at_once: false,
    answer: '',
    callback_wanted: true,
    callback_way: 'phone',
    callback_due_at: '',
    parent: null,
    channel: '',
    source_reference: '',
    citizen_number: '',
  }
}

/** True when the form holds words of the citizen or of the agent: what must never be thrown away unasked. */
export function holdsWords(content: DraftContent): boolean {
  const { what, address, street_code, class_code, answer, source_reference, citizen_number } = content
  return [what, address, street_code, class_code, answer, source_reference, citizen_number].some((text) => text.trim() !== '')
}

export function begin(draftId: string, callId: string | null, now: number): DraftRecord {
  return { draftId, callId, revision: 0, content: emptyContent(), dirty: false, editedAt: now, savedAt: null }
}

export function fromServer(view: DraftView): DraftRecord {
  return {
    draftId: view.draft_id,
    callId: view.call_id,
    revision: view.revision,
    content: view.content,
    dirty: false,
    editedAt: Date.parse(view.saved_at),
    savedAt: view.saved_at,
  }
}

export function edit(record: DraftRecord, content: DraftContent, now: number): DraftRecord {
  return { ...record, content, dirty: true, editedAt: now }
}

/** After the server took `sent`: clean, unless typing went on meanwhile. */
export function saved(record: DraftRecord, view: DraftView, sent: DraftContent): DraftRecord {
  return {
    ...record,
    revision: Math.max(record.revision, view.revision),
    savedAt: view.saved_at,
    dirty: !same(record.content, sent),
  }
}

/**
 * What stands when the server tells its state of the same draft. Nothing unsaved here: the higher revision. Something
 * unsaved: the later of the two, on top of the server's revision, so that the next save is taken.
 */
export function merge(local: DraftRecord | null, server: DraftView): DraftRecord {
  if (!local) return fromServer(server)
  if (!local.dirty) return server.revision > local.revision ? fromServer(server) : local
  if (same(local.content, server.content)) return fromServer(server)
  const laterElsewhere = server.revision > local.revision && Date.parse(server.saved_at) > local.editedAt
  if (laterElsewhere) return fromServer(server)
  return { ...local, revision: server.revision, savedAt: server.saved_at }
}

export function same(a: DraftContent, b: DraftContent): boolean {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof DraftContent>
  return [...keys].every((key) => a[key] === b[key])
}

export type DraftBadge = 'empty' | 'typing' | 'saving' | 'saved' | 'local'

/** What the badge beside the form says. */
export function badge(record: DraftRecord | null, saving: boolean, reachable: boolean): DraftBadge {
  if (!record) return 'empty'
  if (!record.dirty) return record.savedAt ? 'saved' : 'empty'
  if (!reachable) return 'local'
  return saving ? 'saving' : 'typing'
}
