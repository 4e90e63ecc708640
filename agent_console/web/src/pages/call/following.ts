import type { TurnView } from '@/transport/messages.gen'

/** The turn that is heard at a position: the last one that began, -1 before the first. Turns come in order of start. */
export function turnAt(turns: readonly TurnView[], positionMs: number): number {
  let low = 0
  let high = turns.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((turns[middle] as TurnView).start_ms <= positionMs) low = middle + 1
    else high = middle
  }
  return low - 1
}
