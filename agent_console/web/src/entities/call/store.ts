import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { useDrafts } from '@/entities/draft/store'
import { holdsWords } from '@/entities/draft/sync'
import type { CallCard, CaseSummary, SeatView } from '@/transport/messages.gen'

/** The call of this seat: the pop-up. */
export const useCall = defineStore('call', () => {
  const card = shallowRef<CallCard | null>(null)
  /** The last call that rang here and went away unanswered. */
  const missed = shallowRef<CallCard | null>(null)

  function show(next: CallCard): void {
    const drafts = useDrafts()
    if (next.draft) drafts.changed(next.draft, false)
    if (card.value?.call_id !== next.call_id || drafts.callId !== next.call_id) drafts.showCall(next.call_id)
    card.value = next
    missed.value = null
  }

  function welcome(now: CallCard | null): void {
    if (now) show(now)
    else if (card.value?.stage !== 'ended') card.value = null
  }

  function answered(callId: string, at: string): void {
    if (card.value?.call_id === callId) card.value = { ...card.value, stage: 'answered', answered_at: at }
  }

  function ended(callId: string, at: string): void {
    if (card.value?.call_id !== callId) return
    if (card.value.stage === 'ringing') {
      missed.value = card.value
      card.value = null
      if (!useDrafts().active) useDrafts().showCall(null)
    } else card.value = { ...card.value, stage: 'ended', ended_at: at }
  }

  /** After wrap-up the card goes, unless words for that call still stand in the form. */
  function seatMoved(seat: SeatView): void {
    const atWork = ['ringing', 'talking', 'wrap_up'].includes(seat.state)
    if (!atWork && card.value?.stage === 'ended') dismissIfDone()
  }

  function dismissIfDone(): void {
    const drafts = useDrafts()
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
    ringing: computed(() => card.value?.stage === 'ringing'),
    show,
    welcome,
    answered,
    ended,
    seatMoved,
    dismissIfDone,
    filed,
    clear: () => (card.value = null),
  }
})
