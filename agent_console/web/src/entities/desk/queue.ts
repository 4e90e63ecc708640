import type { DeskItem } from '@/transport/messages.gen'

/** One case may wait for two reasons at once. */
export const keyOf = ({ case: { case_id }, matter }: DeskItem): string => `${case_id}:${matter}`

/** Cases that a dispatch of many can take: those that wait for one. */
export const dispatchable = ({ case: { status } }: DeskItem): boolean => status === 'filed'

/** The item `by` places away, within the list; the first one when none is chosen or the chosen one is gone. */
export function neighbour(items: readonly DeskItem[], chosen: DeskItem | null, by: 1 | -1): DeskItem | null {
  const at = chosen ? items.findIndex((each) => keyOf(each) === keyOf(chosen)) : -1
  if (at < 0) return items[0] ?? null
  return items[Math.min(items.length - 1, Math.max(0, at + by))] ?? null
}

/**
 * What comes after an item that was dealt with: the one that stood behind it, else the last one left. `before` is the
 * list as it was, `now` as it is.
 */
export function following(before: readonly DeskItem[], now: readonly DeskItem[], done: DeskItem): DeskItem | null {
  const at = before.findIndex((each) => keyOf(each) === keyOf(done))
  const left = new Map(now.map((each) => [keyOf(each), each]))
  left.delete(keyOf(done))
  for (const each of before.slice(at + 1)) {
    const found = left.get(keyOf(each))
    if (found) return found
  }
  return [...left.values()].at(-1) ?? null
}
