import type {
  ChannelOption,
  CallbackWay,
  CallbackWish,
  CaseForm,
  ConditionView,
  DraftContent,
  PlaceChoice,
  PlacePoint,
  Urgency,
} from '@/transport/messages.gen'

export type FormField = keyof DraftContent
/** For each field at fault, the key of the words that say so. */
export type FieldErrors = Partial<Record<FormField, string>>

/**
 * What keeps the form from being filed, seen from here; the server has the last word. `now` in ms, `condition` is the
 * filing condition of the class, `channel` the one by which it came without a call.
 */
export function validate(
  content: DraftContent,
  now: number,
  condition: ConditionView | null = null,
  channel: ChannelOption | null = null,
): FieldErrors {
  const errors: FieldErrors = content.answered_at_once ? {} : unmet(content, condition)
  if (!content.what.trim()) errors.what = 'form.error.what'
  if (channel?.reference === 'required' && !content.source_reference.trim()) errors.source_reference = 'form.error.reference'
  if (!content.street_code) errors.street_code = 'form.error.street'
  if (!content.class_code) errors.class_code = 'form.error.class'
  if (content.answered_at_once && !content.answer.trim()) errors.answer = 'form.error.answer'
  if (content.callback_wanted) {
    const due = Date.parse(content.callback_due_at)
    if (Number.isNaN(due)) errors.callback_due_at = 'form.error.callback_time'
    else if (due <= now) errors.callback_due_at = 'form.error.callback_past'
    if (content.callback_way === 'visit' && !content.address.trim()) errors.address = 'form.error.visit_address'
  }
  return errors
}

function unmet(content: DraftContent, condition: ConditionView | null): FieldErrors {
  if (condition?.redirect_to) return { class_code: 'form.error.out_of_scope' }
  const missing = (condition?.needs ?? []).filter((field) => !content[field].trim())
  return Object.fromEntries(missing.map((field) => [field, `form.error.needs.${field}`]))
}

/** What it is about, where and how urgent: what every form of a case says, whoever files it. */
export function matter(content: DraftContent) {
  return {
    what: content.what.trim(),
    address: content.address.trim(),
    street_code: content.street_code,
    community_code: content.community_code || null,
    place: content.place && placePoint(content.place),
    // a form that an older page kept knows of no components
    component_code: content.component?.code ?? null,
    class_code: content.class_code,
    urgency: content.urgency as Urgency,
  }
}

export function caseForm(content: DraftContent, requestId: string, draftId: string, callId: string | null): CaseForm {
  return {
    request_id: requestId,
    draft_id: draftId,
    call_id: callId,
    ...matter(content),
    citizen_name: content.citizen_name.trim(),
    identity_secret: content.identity_secret,
    answered_at_once: content.answered_at_once,
    answer: content.answered_at_once ? content.answer.trim() : '',
    // a case that was told in a call came by that call
    channel: callId ? '' : content.channel,
    source_reference: callId ? '' : content.source_reference.trim(),
    citizen_number: callId ? '' : content.citizen_number.trim(),
  }
}

function placePoint({ place_code, unit_grid_code, longitude, latitude }: PlaceChoice): PlacePoint {
  return { place_code, unit_grid_code, longitude, latitude }
}

export function callbackWish(content: DraftContent): CallbackWish | null {
  if (!content.callback_wanted) return null
  return { way: content.callback_way as CallbackWay, due_at: content.callback_due_at }
}

/** What is answered at once is closed, and goes on under nothing. */
export function parentOf(content: DraftContent): string | null {
  return content.answered_at_once ? null : (content.parent?.case_id ?? null)
}

const SERVER_FIELDS: Record<string, FormField> = { due_at: 'callback_due_at', way: 'callback_way', place: 'address', component_code: 'component' }

/** The field of the form that the server means: it may say "case.street_code" or "callback.due_at". */
export function formField(named: string | null): FormField | null {
  if (!named) return null
  const last = named.split('.').at(-1) as string
  const field = SERVER_FIELDS[last] ?? (last as FormField)
  return FORM_FIELDS.has(field) ? field : null
}

const FORM_FIELDS = new Set<FormField>([
  'what',
  'citizen_name',
  'address',
  'street_code',
  'community_code',
  'component',
  'class_code',
  'urgency',
  'answer',
  'callback_way',
  'callback_due_at',
  'channel',
  'source_reference',
  'citizen_number',
])
