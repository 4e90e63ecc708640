import type { GridShapes } from '@/transport/api'
import type { CaseMap } from '@/transport/messages.gen'

export interface AreaRow {
  code: string
  name: string
  open: number
  overdue: number
}

/** Every area of the map with its figures; one without a case has none. */
export function areaRows(shapes: GridShapes, counted: CaseMap): AreaRow[] {
  const figures = new Map(counted.areas.map((each) => [each.code, each]))
  return shapes.features.map(({ properties: { code, name } }) => {
    const { open = 0, overdue = 0 } = figures.get(code) ?? {}
    return { code, name, open, overdue }
  })
}

/** Areas of the map in which something is open, those with most first. */
export const busiest = (rows: readonly AreaRow[]): AreaRow[] =>
  rows.filter(({ open }) => open > 0).sort((a, b) => b.open - a.open || b.overdue - a.overdue || a.code.localeCompare(b.code))

/** Up to six steps of whole numbers from none to the most, without a gap between them. */
export function steps(most: number): [number, number][] {
  const found: [number, number][] = [[0, 0]]
  const size = Math.max(1, Math.ceil(most / 5))
  for (let from = 1; from <= most; from += size) found.push([from, Math.min(most, from + size - 1)])
  return found
}
