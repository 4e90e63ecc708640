import { componentHeld } from '@/entities/place/place'
import type { ComponentChoice, DiaryKind, PlaceChoice, RoundDetail, RoundWritten } from '@/transport/messages.gen'

/** What an entry says, without whose id it is. */
export type RoundContent = Omit<RoundWritten, 'entry_id'>
export type Journal = 'diary' | 'ledger'
export const KINDS: readonly DiaryKind[] = ['heard', 'seen', 'done']

/** An entry as it is typed; `at` is what the picker holds, hall time, "" for now. */
export interface RoundForm {
  at: string
  kind: DiaryKind
  class_code: string
  what: string
  result: string
  address: string
  street_code: string
  community_code: string
  place: PlaceChoice | null
  component: ComponentChoice | null
}

export type RoundErrors = Partial<Record<keyof RoundForm, string>>

export function emptyRound(): RoundForm {
  return { at: '', kind: 'heard', class_code: '', what: '', result: '', address: '', street_code: '', community_code: '', place: null, component: null }
}

/** The form of an entry that stands. */
export function roundForm({ entry, place }: RoundDetail, at: string): RoundForm {
  return {
    at,
    kind: entry.kind ?? 'heard',
    class_code: entry.class_code ?? '',
    what: entry.what,
    result: entry.result,
    address: entry.address,
    street_code: entry.street_code,
    community_code: entry.community_code,
    place: place && {
      place_code: place.place_code,
      unit_grid_code: place.unit_grid_code,
      longitude: place.longitude,
      latitude: place.latitude,
      text: entry.address,
      grid_name: place.base_grid_name,
    },
    component: componentHeld(entry.component, place),
  }
}

/** True when the form holds words that must not be thrown away unasked. */
export function roundHoldsWords({ what, result, address }: RoundForm): boolean {
  return [what, result, address].some((text) => text.trim() !== '')
}

/** What keeps the entry from being kept, seen from here; the server has the last word. */
export function roundErrors(journal: Journal, form: RoundForm): RoundErrors {
  const errors: RoundErrors = {}
  if (!form.what.trim()) errors.what = 'rounds.error.what'
  if (journal === 'ledger' && !form.class_code) errors.class_code = 'rounds.error.class'
  if (!form.community_code) errors.community_code = 'rounds.error.community'
  return errors
}

/** What the form says; `at` is the instant that it means. */
export function roundContent(journal: Journal, form: RoundForm, at: string): RoundContent {
  const { place, component } = form
  return {
    at,
    kind: journal === 'diary' ? form.kind : null,
    class_code: form.class_code,
    what: form.what.trim(),
    result: form.result.trim(),
    address: form.address.trim(),
    community_code: form.community_code,
    place: place && {
      place_code: place.place_code,
      unit_grid_code: place.unit_grid_code,
      longitude: place.longitude,
      latitude: place.latitude,
    },
    component_code: component?.code ?? null,
  }
}
