import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { serverNow } from '@/lib/clock'
import type { LinkView, QueueView } from '@/transport/messages.gen'
import type { LinkState } from '@/transport/socket'

/** A gap this short is not worth a word on the screen, ms. */
const GRACE_MS = 1_500

/** The line to the hub, and the hall's figures that come over it. */
export const useConnection = defineStore('connection', () => {
  const state = ref<LinkState>('offline')
  const heardAt = ref(Date.now())
  const lostAt = ref<number | null>(null)
  /** The page is older or newer than the server. */
  const outdated = ref(false)
  const queue = ref<QueueView>({ waiting: 0, longest_since: null, answered_within_15s: null })
  const pbx = ref<LinkView>({ state: 'unknown', as_of: null })

  function changed(to: LinkState, at: number): void {
    if (to === 'online') {
      lostAt.value = null
      outdated.value = false
    }
    if (to !== 'online' && (state.value === 'online' || lostAt.value === null)) lostAt.value = at
    state.value = to
  }

  return {
    state,
    heardAt,
    lostAt,
    outdated,
    queue,
    pbx,
    changed,
    online: computed(() => state.value === 'online'),
    /** Away for long enough that the person must know. */
    away: computed(() => lostAt.value !== null && serverNow.value - lostAt.value > GRACE_MS),
  }
})
