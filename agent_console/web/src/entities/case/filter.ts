import type { CaseFilterContent } from '@/transport/messages.gen'

/** What the list asks: a filter, and a citizen's number, which stands neither in addresses nor in kept filters. */
export interface CaseQuestion extends CaseFilterContent {
  number: string
}

export const STATUSES = ['filed', 'handling', 'coordination', 'suspended', 'merged', 'reported', 'verified', 'closed', 'evaluated'] as const
export const URGENCIES = ['normal', 'urgent', 'emergency'] as const

export function emptyFilter(): CaseFilterContent {
  return {
    q: '',
    status: null,
    street: '',
    community: '',
    unit_grid: '',
    class_code: '',
    urgency: null,
    channel: '',
    filed_from: null,
    filed_to: null,
    filed_by: '',
    mine: false,
    leader: false,
    recurring: false,
    overdue: false,
    group: false,
  }
}

type Field = keyof CaseFilterContent
type Query = Record<string, unknown>

const EMPTY = emptyFilter()
export const FIELDS = Object.keys(EMPTY) as Field[]

/** The parts of a filter that ask for something, as an address carries them. */
export function toQuery(filter: CaseFilterContent): Record<string, string> {
  return Object.fromEntries(FIELDS.filter((field) => filter[field]).map((field) => [field, String(filter[field])]))
}

/** The filter that an address carries; what it does not know is left out. */
export function fromQuery(query: Query): CaseFilterContent {
  const filter: Record<Field, unknown> = emptyFilter()
  for (const field of FIELDS) {
    const value = query[field]
    if (typeof value !== 'string' || !value) continue
    if (typeof EMPTY[field] === 'boolean') filter[field] = value === 'true'
    else if (field === 'status') filter[field] = STATUSES.find((each) => each === value) ?? null
    else if (field === 'urgency') filter[field] = URGENCIES.find((each) => each === value) ?? null
    else if (field === 'filed_from' || field === 'filed_to') filter[field] = /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : null
    else filter[field] = value
  }
  return filter as CaseFilterContent
}

/** How many fields ask for something, beside the words and the status, which are always in sight. */
export function narrowings(filter: CaseQuestion): number {
  const seen: readonly string[] = ['q', 'status']
  return FIELDS.filter((field) => !seen.includes(field) && filter[field]).length + (filter.number.trim() ? 1 : 0)
}

export interface Piece {
  text: string
  hit: boolean
}

/** The words that a search asks for: cut at spaces, except between quotation marks. */
export function wordsOf(typed: string): string[] {
  const words = [...typed.normalize('NFKC').matchAll(/["“”]([^"“”]*)["“”]?|([^\s"“”]+)/g)]
  return words.map(([, phrase, word]) => (phrase ?? word ?? '').trim().toLowerCase()).filter(Boolean)
}

/** A text in pieces, those marked that a search found. */
export function pieces(text: string, words: readonly string[]): Piece[] {
  const plain = text.toLowerCase()
  // a form that grows longer in small letters would shift every mark behind it
  if (!words.length || plain.length !== text.length) return [{ text, hit: false }]
  const marked = new Array<boolean>(text.length).fill(false)
  for (const word of words) {
    for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + word.length)) marked.fill(true, at, at + word.length)
  }
  const found: Piece[] = []
  for (let at = 0; at < text.length; at += 1) {
    const last = found.at(-1)
    if (last && last.hit === marked[at]) last.text += text[at]
    else found.push({ text: text[at] ?? '', hit: marked[at] ?? false })
  }
  return found
}
