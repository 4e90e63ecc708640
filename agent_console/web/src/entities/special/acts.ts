import type { SpecialState } from '@/transport/messages.gen'

export const STATES: readonly SpecialState[] = ['found', 'assigned', 'rectified', 'checked', 'struck_off']

/** What a move asks for before it is sent: a unit with a day, or a text. */
export interface SpecialAct {
  /** The move as the server names it, and its name in the words. */
  move: string
  /** The last part of its address. */
  path: string
  text: 'note' | 'result' | 'reason'
  optional?: boolean
  assigns?: boolean
  primary?: boolean
}

const ACTS: readonly SpecialAct[] = [
  { move: 'assigned', path: 'assignment', text: 'note', optional: true, assigns: true, primary: true },
  { move: 'rectified', path: 'rectification', text: 'result', primary: true },
  { move: 'checked', path: 'check', text: 'note', optional: true, primary: true },
  { move: 'sent_back', path: 'rework', text: 'reason' },
  { move: 'found_again', path: 'return', text: 'reason' },
  { move: 'struck_off', path: 'removal', text: 'reason' },
]

/** The acts for these moves, which the server says are open to this person now. */
export function specialActs(moves: readonly string[]): SpecialAct[] {
  return ACTS.filter(({ move }) => moves.includes(move))
}

/** The day that is so many days after another, both as the hall's calendar writes them. */
export function dayAfter(day: string, days: number): string {
  const at = new Date(`${day}T00:00:00Z`)
  at.setUTCDate(at.getUTCDate() + days)
  return at.toISOString().slice(0, 10)
}
