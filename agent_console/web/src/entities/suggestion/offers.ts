import { addressOf, choiceOf, componentStillThere } from '@/entities/place/place'
import type { DraftContent, Evidence, PlaceCandidate, Suggestions, Urgency } from '@/transport/messages.gen'

export type OfferField = 'address' | 'class_code' | 'number' | 'urgency'

/** Something that the form could say, beside the field that it would fill. `key` tells it from any other. */
export interface Offer {
  key: string
  field: OfferField
  /** What would stand in the field. */
  value: string
  /** More of it: where on the grid, under which class. */
  hint: string
  why: Evidence
  candidate?: PlaceCandidate
}

/** What a field was filled with by taking an offer, and the keys of the others that could have been taken then. */
export type Taken = Partial<Record<'address' | 'class_code', { value: string; others: readonly string[] }>>

/** Nobody reads an offer and answers it in less, ms. */
export const READ_MS = 300

/**
 * Which offer the keys mean: the same one until it was taken or left. When the captions change it in the moment of the
 * key, the key is not for what stands there now, which nobody has read yet.
 */
export class Marker {
  key: string | null = null
  private answered = false
  private movedAt = -Infinity

  /** These are the offers from now on. */
  follow(offers: readonly Offer[], now: number): void {
    if (offers.some(({ key }) => key === this.key)) return
    if (this.key !== null && !this.answered) this.movedAt = now
    this.answered = false
    this.key = offers[0]?.key ?? null
  }

  /** Somebody took or left this offer. */
  answer({ key }: Offer): void {
    if (key === this.key) this.answered = true
  }

  canBeMeant(now: number): boolean {
    return now - this.movedAt >= READ_MS
  }
}

const RANK: Record<Urgency, number> = { normal: 0, urgent: 1, emergency: 2 }

/**
 * What is offered for a form as it stands, in the order of its fields. What was typed or chosen by hand is never put in
 * question, nor what was left once. A field that says just what was `taken` is offered what says it more closely: the
 * citizen names the building after the estate.
 */
export function offersFor(found: Suggestions | null, content: DraftContent, left: ReadonlySet<string>, taken: Taken = {}): Offer[] {
  if (!found) return []
  const offers = [
    ...numbers(found, content),
    ...places(found, content, taken),
    ...classes(found, content, taken),
    ...urgencies(found, content),
  ]
  return offers.filter(({ key }) => !left.has(key))
}

function numbers({ numbers: told }: Suggestions, { what }: DraftContent): Offer[] {
  return told
    .filter(({ number }) => !what.includes(number))
    .map(({ number, why }) => ({ key: `number:${number}`, field: 'number', value: number, hint: '', why }))
}

/** Whether something may be offered where the field says `now`: what says more than what was taken, and came later. */
const mayFollow = ({ key, value }: Offer, now: string, taken: Taken['address']) =>
  !now || (now === taken?.value && value !== now && value.startsWith(now) && !taken.others.includes(key))

function places({ place }: Suggestions, content: DraftContent, taken: Taken): Offer[] {
  if (!place) return []
  const { street_code, community_code } = content
  return place.candidates
    .filter(({ location: { street, community } }) => {
      return (!street_code || street.code === street_code) && (!community_code || !community || community.code === community_code)
    })
    .map((candidate): Offer => ({
      key: `address:${candidate.address}:${candidate.location.street.code}`,
      field: 'address',
      value: addressOf(candidate),
      hint: [candidate.location.street.name, candidate.location.community?.name, candidate.location.base_grid?.name]
        .filter(Boolean)
        .join(' · '),
      why: place.why,
      candidate,
    }))
    .filter((offer) => mayFollow(offer, content.address.trim(), taken.address))
}

function classes({ classes: fitting }: Suggestions, { class_code }: DraftContent, taken: Taken): Offer[] {
  return fitting
    .map(({ class_code: code, name, path, why }): Offer => ({
      key: `class:${code}`,
      field: 'class_code',
      value: code,
      hint: [...path.slice(0, -1), name].join(' / '),
      why,
    }))
    .filter((offer) => mayFollow(offer, class_code, taken.class_code))
}

function urgencies({ urgency }: Suggestions, content: DraftContent): Offer[] {
  if (!urgency || RANK[urgency.urgency] <= RANK[content.urgency as Urgency]) return []
  return [{ key: `urgency:${urgency.urgency}`, field: 'urgency', value: urgency.urgency, hint: '', why: urgency.why }]
}

/** What taking an address changes in the form: only what says nothing yet, and a component that stands elsewhere goes. */
export function placeChanges(candidate: PlaceCandidate, content: DraftContent): Partial<DraftContent> {
  const changes: Partial<DraftContent> = {
    address: addressOf(candidate),
    street_code: content.street_code || candidate.location.street.code,
    community_code: content.community_code || (candidate.location.community?.code ?? ''),
    place: choiceOf(candidate),
  }
  return componentStillThere({ ...content, ...changes }) ? changes : { ...changes, component: null }
}

/** The citizen's words with a line more. */
export function withLine(what: string, line: string): string {
  return what.trim() ? `${what.trimEnd()}\n${line}` : line
}
