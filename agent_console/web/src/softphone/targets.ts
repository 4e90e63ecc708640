import type { PhoneTargets, SeatState, SeatView } from '@/transport/messages.gen'

/** Somebody who can be dialled. `usable` is false for a seat whose phone is away or in a call. */
export interface Target {
  kind: 'seat' | 'queue' | 'number' | 'redial'
  dial: string
  label: string
  seat: SeatView | null
  usable: boolean
}

const ANSWERS: readonly SeatState[] = ['ready', 'paused', 'wrap_up']
const NUMBER = /^\+?\d{3,15}$/

/** Who fits what was typed: the number dialled last, seats (free ones first), queues, then the number itself. */
export function matching(known: PhoneTargets | null, typed: string, last: string): Target[] {
  const wanted = typed.replace(/[\s-]/g, '').toLowerCase()
  const fits = (...words: (string | null | undefined)[]) => !wanted || words.some((word) => word?.toLowerCase().includes(wanted))
  const seats = (known?.seats ?? [])
    .filter((seat) => fits(seat.seat, seat.agent_name))
    .map((seat) => ({ ...plain('seat', seat.seat), seat, usable: seat.phone_registered && ANSWERS.includes(seat.state) }))
    .sort((a, b) => rank(a) - rank(b) || a.dial.localeCompare(b.dial))
  const queues = (known?.queues ?? [])
    .filter((queue) => fits(queue.name, queue.title))
    .map((queue) => plain('queue', queue.name, queue.title))
  const redial = last && !wanted ? [plain('redial', last)] : []
  const number = NUMBER.test(wanted) && !seats.some((seat) => seat.dial === wanted) ? [plain('number', wanted)] : []
  return [...redial, ...seats, ...queues, ...number]
}

function plain(kind: Target['kind'], dial: string, label = dial): Target {
  return { kind, dial, label, seat: null, usable: true }
}

function rank({ usable, seat }: Target): number {
  return usable ? ANSWERS.indexOf(seat!.state) : ANSWERS.length
}
