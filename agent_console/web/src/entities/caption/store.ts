import { defineStore } from 'pinia'
import { computed, ref, shallowRef, triggerRef } from 'vue'
import { useCall } from '@/entities/call/store'
import { serverNow } from '@/lib/clock'
import { usePhone } from '@/softphone/store'
import type { CaptionLine, CaptionsStand, CaptionsView, Captioned, LegState } from '@/transport/messages.gen'

export type CaptionState = 'starting' | 'live' | 'behind' | 'lost' | 'held' | 'paused' | 'off' | 'over'

/** Captions that have not come this long after the answer will hardly come, ms. */
const STARTS_WITHIN_MS = 6_000
const MOST_LINES = 400

/** What is said in the call of this seat, or in the one that is listened to, while it is said; kept on this page alone. */
export const useCaptions = defineStore('captions', () => {
  const call = useCall()
  const phone = usePhone()
  const callId = ref<string | null>(null)
  const byLine = shallowRef(new Map<string, CaptionLine>())
  const legs = ref<Partial<Record<'caller' | 'seat', LegState>>>({})
  /** How much of what was said was passed over so far, ms. */
  const skippedMs = ref(0)

  function begin(id: string | null): void {
    if (callId.value === id) return
    callId.value = id
    byLine.value = new Map()
    legs.value = {}
    skippedMs.value = 0
  }

  /** Whether it is of another talk: of the one before it may be, whose last words are read to the end a moment later. */
  const isOther = (id: string) => callId.value !== null && callId.value !== id

  function said({ call_id, line }: Captioned): void {
    if (isOther(call_id) && [...byLine.value.values()].some(({ at }) => Date.parse(at) > Date.parse(line.at))) return
    begin(call_id)
    // a page that came in the middle of the talk hears a caption before it hears how they stand
    if (!legs.value[line.leg]) legs.value = { ...legs.value, [line.leg]: 'live' }
    const lines = byLine.value
    if (line.text) lines.set(line.line, line)
    else lines.delete(line.line)
    if (lines.size > MOST_LINES) lines.delete(lines.keys().next().value as string)
    triggerRef(byLine)
  }

  function stands({ call_id, leg, state, skipped_ms }: CaptionsStand): void {
    if (isOther(call_id) && (state === 'off' || state === 'lost')) return
    begin(call_id)
    legs.value = { ...legs.value, [leg]: state }
    skippedMs.value += skipped_ms
  }

  /** What was said before this page came. */
  function welcome(view: CaptionsView | null): void {
    begin(null)
    if (!view) return
    begin(view.call_id)
    byLine.value = new Map(view.lines.map((line) => [line.line, line]))
    legs.value = view.legs
  }

  /** What was said in this call; nothing of another one. */
  const linesOf = (id: string | undefined) => (id && callId.value === id ? [...byLine.value.values()] : [])
  /** The lines of the call on the desk. */
  const lines = computed(() => linesOf(call.card?.call_id))

  /**
   * How the captions of a call in which somebody talks stand; `answeredAt` is when they may be expected from. Legs that
   * are off tell only that nobody is heard now: why, `held` says, or a pause of the recording.
   */
  function stateOf(id: string, answeredAt: string | null, held: boolean): CaptionState {
    const now = callId.value === id ? Object.values(legs.value) : []
    if (now.includes('lost')) return 'lost'
    if (now.includes('behind')) return 'behind'
    if (now.includes('live')) return 'live'
    if (held) return 'held'
    if (now.length) return 'off'
    const since = answeredAt ? serverNow.value - Date.parse(answeredAt) : 0
    return since > STARTS_WITHIN_MS ? 'lost' : 'starting'
  }

  const state = computed<CaptionState | null>(() => {
    const card = call.card
    if (!card || card.stage === 'ringing') return null
    if (card.stage === 'ended') return 'over'
    return card.recording_paused_at ? 'paused' : stateOf(card.call_id, card.answered_at, phone.state === 'held')
  })

  return { lines, linesOf, state, stateOf, skippedMs, said, stands, welcome, clear: () => begin(null) }
})
