import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { useDrafts } from '@/entities/draft/store'
import { holdsWords } from '@/entities/draft/sync'
import { useSeat } from '@/entities/seat/store'
import type { CallCard, CaseSummary, SeatState, SeatView, SupervisorView } from '@/transport/messages.gen'

const AT_WORK: ReadonlySet<SeatState> = new Set(['ringing', 'dialing', 'talking', 'wrap_up'])

/** The call of this seat: the pop-up. */
export const useCall = defineStore('call', () => {
  const card = shallowRef<CallCard | null>(null)
  /** The last call that rang here and went away unanswered. */
  const missed = shallowRef<CallCard | null>(null)
  /** Who takes part in the call beside me, where the hall shows it to agents. */
  const supervisors = shallowRef<SupervisorView[]>([])

  function show(next: CallCard): void {
    const drafts = useDrafts()
    if (next.draft) drafts.changed(next.draft, false)
    if (card.value?.call_id !== next.call_id) supervisors.value = []
    if (card.value?.call_id !== next.call_id || drafts.callId !== next.call_id) drafts.showCall(next.call_id)
    card.value = next
    missed.value = null
  }

  /** The pop-up ahead of its event; too late for a call that is on the desk already. */
  function ring(next: CallCard): void {
    if (card.value?.call_id !== next.call_id) show(next)
  }

  function welcome(now: CallCard | null): void {
    if (now) show(now)
    else if (card.value?.stage !== 'ended') card.value = null
  }

  function answered(callId: string, at: string, known: CallCard | null = null): void {
    if (known && card.value?.call_id !== callId) show(known)
    if (card.value?.call_id !== callId) return
    // answered once more: the colleague who asked has handed the citizen over
    const handed = card.value.handed_by
    const handed_by = handed && card.value.stage === 'answered' ? { ...handed, consult: false } : handed
    card.value = { ...card.value, stage: 'answered', answered_at: at, handed_by }
  }

  function recordingPaused(callId: string, at: string | null): void {
    if (card.value?.call_id === callId) card.value = { ...card.value, recording_paused_at: at }
  }

  function supervised(callId: string, by: SupervisorView[]): void {
    if (card.value?.call_id === callId) supervisors.value = by
  }

  function ended(callId: string, at: string): void {
    if (card.value?.call_id !== callId) return
    supervisors.value = []
    if (card.value.stage === 'ringing') {
      missed.value = card.value
      card.value = null
      if (!useDrafts().active) useDrafts().showCall(null)
    } else card.value = { ...card.value, stage: 'ended', ended_at: at }
  }

  function seatMoved(seat: SeatView): void {
    if (!AT_WORK.has(seat.state)) dismissIfDone()
  }

  /** Takes an ended call off the desk, unless words for it still stand in the form or its wrap-up goes on. */
  function dismissIfDone(): void {
    const drafts = useDrafts()
    const seat = useSeat().mine
    if (card.value?.stage !== 'ended' || (seat && AT_WORK.has(seat.state))) return
    if (drafts.active?.callId === card.value?.call_id && drafts.active && holdsWords(drafts.active.content)) return
    card.value = null
    if (!drafts.active) drafts.showCall(null)
  }

  function filed(summary: CaseSummary): void {
    const now = card.value
    if (!now || summary.call_id !== now.call_id || now.cases.some((each) => each.case_id === summary.case_id)) return
    card.value = { ...now, cases: [summary, ...now.cases] }
  }

  return {
    card,
    missed,
    supervisors,
    supervised,
    ringing: computed(() => card.value?.stage === 'ringing'),
    show,
    ring,
    welcome,
    answered,
    recordingPaused,
    ended,
    seatMoved,
    dismissIfDone,
    filed,
    clear: () => (card.value = null),
  }
})
