import { computed, ref, shallowRef } from 'vue'
import { useSettled } from '@/lib/settle'
import { api } from '@/transport/api'
import type { PlaceCandidate } from '@/transport/messages.gen'
import { worthAsking } from './place'

/** A pause in typing of this length asks, ms. */
const PAUSE_MS = 120

/**
 * Addresses that may be meant by what is typed. They only ever appear beside the words; `at` is the one that the arrow
 * keys stand on, -1 for none, so that Enter means nothing until somebody pointed at one.
 */
export function useOffers() {
  const offers = shallowRef<PlaceCandidate[]>([])
  const at = ref(-1)
  let wanted: { typed: string; street: string } | null = null

  const askSoon = useSettled(() => void fetch(), PAUSE_MS)

  async function fetch(): Promise<void> {
    const asked = wanted
    if (!asked) return
    // without an answer the address stands as it was typed, and street and community are chosen by hand
    const found = await api.places(asked.typed, asked.street).catch(() => [])
    if (wanted !== asked) return
    offers.value = found
    at.value = -1
  }

  function ask(typed: string, street: string): void {
    if (!worthAsking(typed)) return close()
    wanted = { typed, street }
    askSoon()
  }

  function close(): void {
    wanted = null
    offers.value = []
    at.value = -1
  }

  function step(by: 1 | -1): void {
    const places = offers.value.length + 1
    at.value = ((at.value + 1 + by + places) % places) - 1
  }

  return { offers, at, open: computed(() => offers.value.length > 0), ask, close, step }
}
