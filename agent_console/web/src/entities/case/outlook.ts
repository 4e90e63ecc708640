import { computed, onBeforeUnmount, shallowRef, watch } from 'vue'
import { useCall } from '@/entities/call/store'
import { useDrafts } from '@/entities/draft/store'
import { useSession } from '@/entities/session/store'
import { api } from '@/transport/api'
import type { DraftContent, Outlook, OutlookAsked, Urgency } from '@/transport/messages.gen'

/** A pause in typing of this length asks, ms: longer than that of an address, for nobody waits for it. */
const PAUSE_MS = 400
const NOTHING: Outlook = { similar: [], units: [], clocks: [] }

/** What of the form tells where it leads and what it is like; the call only once it is this person's. */
export function outlookAsked(content: DraftContent, callId: string | null): OutlookAsked {
  const { what, address, street_code, community_code, place, class_code, urgency } = content
  return {
    call_id: callId,
    what,
    address,
    street_code,
    community_code,
    place: place && {
      place_code: place.place_code,
      unit_grid_code: place.unit_grid_code,
      longitude: place.longitude,
      latitude: place.latitude,
    },
    class_code,
    urgency: urgency as Urgency,
    channel: callId ? '' : content.channel,
    source_reference: callId ? '' : content.source_reference,
    citizen_number: callId ? '' : content.citizen_number,
  }
}

/** Whether there is anything to ask for: words alone belong to no place. */
export function worthAsking({ call_id, street_code, place, class_code, source_reference, citizen_number }: OutlookAsked): boolean {
  return Boolean(call_id || street_code || place || class_code || source_reference || citizen_number)
}

/** Looks ahead while the form is typed; what was found stays in sight until there is something newer. */
export function useOutlook() {
  const drafts = useDrafts()
  const call = useCall()
  const session = useSession()
  const outlook = shallowRef<Outlook>(NOTHING)
  let timer: ReturnType<typeof setTimeout> | undefined
  let newest = 0

  const callId = computed(() => {
    const { card } = call
    return card && card.stage !== 'ringing' && drafts.callId === card.call_id ? card.call_id : null
  })
  const asked = computed(() => JSON.stringify(outlookAsked(drafts.content, callId.value)))

  async function ask(): Promise<void> {
    clearTimeout(timer)
    const mine = ++newest
    const wish = JSON.parse(asked.value) as OutlookAsked
    if (!worthAsking(wish)) {
      outlook.value = NOTHING
      return
    }
    // without an answer the form is filed as ever: what was found before is no worse than nothing
    const found = await api.outlook(wish).catch(() => null)
    if (found && mine === newest) outlook.value = found
  }

  watch(
    asked,
    () => {
      if (!session.can('cases.file')) return
      clearTimeout(timer)
      timer = setTimeout(() => void ask(), PAUSE_MS)
    },
    { immediate: true },
  )
  // another citizen: what was found for the one before must not be taken for this one's
  watch(
    () => [drafts.activeId, callId.value],
    (now, before) => (before[0] && now[0] !== before[0]) || now[1] !== before[1] ? (outlook.value = NOTHING) : null,
  )
  onBeforeUnmount(() => clearTimeout(timer))

  return { outlook, callId, ask }
}
