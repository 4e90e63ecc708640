import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { line } from '@/transport/line'
import type { HallCall, HallState, OrderView, PauseReason, Receipt, SeatAlert, SeatView, SentNotice } from '@/transport/messages.gen'

/** What a shift leader can do to a running call, in the order in which it goes further. */
export const CALL_ACTS = ['listen', 'whisper', 'barge', 'take_over', 'end'] as const
export type CallAct = (typeof CALL_ACTS)[number]

const MOST_ALERTS = 30

/** The hall for those who watch it: whole with each welcome, kept true by events, never asked for. */
export const useHall = defineStore('hall', () => {
  const seats = ref(new Map<string, SeatView>())
  const calls = ref(new Map<string, HallCall>())
  const alerts = shallowRef<SeatAlert[]>([])
  const notices = shallowRef<SentNotice[]>([])
  const known = ref(false)

  function welcome(state: HallState | null): void {
    known.value = state !== null
    seats.value = new Map(state?.seats.map((seat) => [seat.seat, seat]))
    calls.value = new Map(state?.calls.map((call) => [call.call_id, call]))
    alerts.value = state?.alerts ?? []
    notices.value = state?.notices ?? []
  }

  function changed(seat: SeatView): void {
    if (known.value) seats.value.set(seat.seat, seat)
  }

  function callChanged(call: HallCall): void {
    if (known.value) calls.value.set(call.call_id, call)
  }

  function noticeSent(notice: SentNotice): void {
    const others = notices.value.filter(({ notice_id }) => notice_id !== notice.notice_id)
    notices.value = [notice, ...others].sort((a, b) => b.sent_at.localeCompare(a.sent_at))
  }

  function noticeRead(noticeId: string, receipt: Receipt): void {
    notices.value = notices.value.map((notice) => {
      if (notice.notice_id !== noticeId) return notice
      const receipts = notice.receipts.map((each) => (each.user_id === receipt.user_id ? receipt : each))
      return { ...notice, receipts }
    })
  }

  const inOrder = computed(() => [...calls.value.values()].sort((a, b) => a.arrived_at.localeCompare(b.arrived_at)))

  return {
    seats,
    calls,
    alerts,
    notices,
    known,
    waiting: computed(() => inOrder.value.filter(({ stage }) => stage === 'queued')),
    /** Calls with a seat, and those that have only just come in. */
    underWay: computed(() => inOrder.value.filter(({ stage }) => stage !== 'queued')),
    welcome,
    changed,
    callChanged,
    callGone: (callId: string) => calls.value.delete(callId),
    alerted: (alert: SeatAlert) => (alerts.value = [alert, ...alerts.value].slice(0, MOST_ALERTS)),
    noticeSent,
    noticeRead,
    pause: (seat: string, reason: PauseReason) => line.send<SeatView>({ command: 'force_pause', seat, reason }),
    ready: (seat: string) => line.send<SeatView>({ command: 'force_ready', seat }),
    endWrapUp: (seat: string) => line.send<SeatView>({ command: 'end_wrap_up', seat }),
    signOut: (seat: string) => line.send<SeatView>({ command: 'force_sign_out', seat }),
    /** Orders something about the call in which `seat` talks; how it came out is told by `order_changed`. */
    act: (act: CallAct, requestId: string, callId: string, seat: string) =>
      line.send<OrderView>({ command: `${act}_call`, request_id: requestId, call_id: callId, seat }, { repeatable: true }),
    /** The call in which the supervisor at `seat` takes part now. */
    supervisedFrom: (seat: string) => inOrder.value.find(({ supervisors }) => supervisors.some(({ by_seat }) => by_seat === seat)),
    sendNotice: (noticeId: string, text: string, to: string[] | null, minutes: number) =>
      line.send<SentNotice>({ command: 'send_notice', notice_id: noticeId, text, seats: to, minutes }, { repeatable: true }),
  }
})
