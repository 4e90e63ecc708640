import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { PauseReason, SeatView, SeatWasForced } from '@/transport/messages.gen'
import { line } from '@/transport/line'

const LAST_SEAT = 'hotline.seat'

/** The seat that this person sits at. What it shows is what the server said; a command only asks. */
export const useSeat = defineStore('seat', () => {
  const mine = shallowRef<SeatView | null>(null)
  const busy = ref(false)
  /** What the shift leader last did to my seat, until I have seen it. */
  const forced = shallowRef<SeatWasForced | null>(null)

  async function ask(order: Parameters<typeof line.send>[0]): Promise<SeatView> {
    busy.value = true
    try {
      const seat = await line.send<SeatView>(order)
      mine.value = seat
      return seat
    } finally {
      busy.value = false
    }
  }

  async function sitDown(seat: string): Promise<void> {
    await ask({ command: 'sign_in_seat', seat })
    localStorage.setItem(LAST_SEAT, seat)
  }

  async function leave(): Promise<void> {
    const seat = await ask({ command: 'sign_out_seat' })
    if (seat.state === 'offline') mine.value = null
  }

  return {
    mine,
    busy,
    forced,
    lastSeat: () => localStorage.getItem(LAST_SEAT),
    usesBrowser: computed(() => mine.value?.phone === 'browser'),
    sitDown,
    leave,
    ready: () => ask({ command: 'make_ready' }),
    pause: (reason: PauseReason) => ask({ command: 'pause_seat', reason }),
    moreTime: () => ask({ command: 'extend_wrap_up' }),
  }
})
