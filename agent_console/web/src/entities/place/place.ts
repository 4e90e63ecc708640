import type { CaseComponent, CasePlace, ComponentChoice, ComponentOffer, DraftContent, PlaceCandidate, PlaceChoice } from '@/transport/messages.gen'

/** What the address field says once a candidate is chosen: what is known better, and all else that was typed. */
export function addressOf(candidate: PlaceCandidate): string {
  return candidate.text + candidate.rest
}

/** Where the form lies once a candidate is chosen; null where only a road or residential area is known. */
export function choiceOf({ text, place_code, location, longitude, latitude }: PlaceCandidate): PlaceChoice | null {
  if (!location.base_grid || !location.unit_grid || longitude === null || latitude === null) return null
  return { text, place_code, grid_name: location.base_grid.name, unit_grid_code: location.unit_grid, longitude, latitude }
}

/** Whether a chosen place still is where the form says: its address stands there, in its street and community. */
export function stillThere({ place, address, street_code, community_code }: DraftContent): boolean {
  if (!place) return true
  const within = place.unit_grid_code.startsWith(street_code) && place.unit_grid_code.startsWith(community_code)
  return within && street_code !== '' && address.includes(place.text)
}

/** The component as the form keeps it; null where its grid is not known. */
export function componentOf({ code, name, location }: ComponentOffer): ComponentChoice | null {
  return location.unit_grid ? { code, name, unit_grid_code: location.unit_grid } : null
}

/** The component of something that stands, as a form keeps it; it lies in the grid of that. */
export function componentHeld(component: CaseComponent | null, place: CasePlace | null): ComponentChoice | null {
  return component && place ? { ...component, unit_grid_code: place.unit_grid_code } : null
}

/** Where a form lies that is about this component, whatever words its address has. */
export function placeOf({ location, longitude, latitude }: ComponentOffer): PlaceChoice | null {
  if (!location.base_grid || !location.unit_grid) return null
  return { text: '', place_code: null, grid_name: location.base_grid.name, unit_grid_code: location.unit_grid, longitude, latitude }
}

/** Whether the component still stands where the form says. */
export function componentStillThere({ component, street_code, community_code }: DraftContent): boolean {
  if (!component) return true
  return street_code !== '' && component.unit_grid_code.startsWith(street_code) && component.unit_grid_code.startsWith(community_code)
}

/** One character tells little in letters, and something in Chinese. */
export function worthAsking(typed: string): boolean {
  const said = typed.trim()
  return said.length > 1 || /\p{Script=Han}/u.test(said)
}
