import { defineStore } from 'pinia'
import { computed, ref } from 'vue'
import { serverNow } from '@/lib/clock'
import type { LinkView, QueueView } from '@/transport/messages.gen'
import type { LinkState } from '@/transport/socket'

/** A gap this short is not worth a word on the screen, ms. */
const GRACE_MS = 1_500
/** After so long without a word from its telephony process, a link that was live is doubted. */
const STALE_MS = 15_000
const UNKNOWN: LinkView = { host: '', state: 'unknown', as_of: null }

/** How a link to a PBX stands at `now`: live, gone, or live when last heard of some seconds ago. */
export function linkHealth({ state, as_of }: LinkView, now: number): { kind: 'live' | 'away' | 'stale'; seconds: number } {
  if (state !== 'live' || as_of === null) return { kind: 'away', seconds: 0 }
  const age = Math.max(0, now - Date.parse(as_of))
  return { kind: age > STALE_MS ? 'stale' : 'live', seconds: Math.round(age / 1000) }
}

/** The line to the hub, and the hall's figures that come over it. */
export const useConnection = defineStore('connection', () => {
  const state = ref<LinkState>('offline')
  const heardAt = ref(Date.now())
  const lostAt = ref<number | null>(null)
  /** The page is older or newer than the server. */
  const outdated = ref(false)
  const queue = ref<QueueView>({ waiting: 0, longest_since: null, answered_within_15s: null })
  const links = ref<LinkView[]>([])

  function changed(to: LinkState, at: number): void {
    if (to === 'online') {
      lostAt.value = null
      outdated.value = false
    }
    if (to !== 'online' && (state.value === 'online' || lostAt.value === null)) lostAt.value = at
    state.value = to
  }

  /** The link to this PBX; without one, that which is worst off. */
  function linkOf(host?: string): LinkView {
    const known = links.value.find((link) => link.host === host)
    if (known) return known
    const away = links.value.find((link) => linkHealth(link, serverNow.value).kind !== 'live')
    return away ?? links.value[0] ?? UNKNOWN
  }

  return {
    state,
    heardAt,
    lostAt,
    outdated,
    queue,
    links,
    linkOf,
    linkChanged: (link: LinkView) => (links.value = links.value.map((known) => (known.host === link.host ? link : known))),
    changed,
    online: computed(() => state.value === 'online'),
    /** Away for long enough that the person must know. */
    away: computed(() => lostAt.value !== null && serverNow.value - lostAt.value > GRACE_MS),
  }
})
