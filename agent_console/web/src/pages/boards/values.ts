import type { BoardFigures } from '@/transport/messages.gen'

/** What stands where nothing can be counted. */
export const NOTHING = '—'

/** A rate or a mean with one digit behind the point. */
export function tenth(value: number | null): string {
  return value === null ? NOTHING : value.toFixed(1)
}

export function percent(share: number | null): string {
  return share === null ? NOTHING : `${Math.round(share * 100)}%`
}

/** How a rate changed against the period before; null where one of the two is missing, or nothing moved. */
export function changeOf(now: number | null, before: number | null): number | null {
  if (now === null || before === null) return null
  const change = Math.round((now - before) * 10) / 10
  return change === 0 ? null : change
}

/** For sorting a table by a figure that may be missing: what is missing comes first. */
export function byFigure<Row extends { figures: BoardFigures }>(pick: (figures: BoardFigures) => number | null) {
  return (one: Row, other: Row) => (pick(one.figures) ?? -1) - (pick(other.figures) ?? -1)
}
