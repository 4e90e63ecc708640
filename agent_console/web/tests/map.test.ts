import { expect, it } from 'vitest'
import { areaRows, busiest, steps } from '@/pages/map/areas'
import type { GridShapes } from '@/transport/api'
import type { CaseMap } from '@/transport/messages.gen'

const shapes = { features: ['a', 'b', 'c'].map((code) => ({ properties: { code, name: code.toUpperCase() } })) } as unknown as GridShapes
const counted = { areas: [{ code: 'b', open: 3, overdue: 1 }, { code: 'c', open: 5, overdue: 0 }] } as CaseMap

it('draws every area and lists those in which something is open, the busiest first', () => {
  const rows = areaRows(shapes, counted)
  expect(rows.map(({ name, open }) => [name, open])).toEqual([['A', 0], ['B', 3], ['C', 5]])
  expect(busiest(rows).map(({ code }) => code)).toEqual(['c', 'b'])
})

it('has steps that cover all numbers from none to the most, each once, and no more than six', () => {
  for (const most of [0, 1, 4, 5, 6, 7, 99, 100, 12345]) {
    const found = steps(most)
    expect(found.length).toBeLessThanOrEqual(6)
    expect([found[0]![0], found.at(-1)![1]]).toEqual([0, most])
    for (let n = 1; n < found.length; n += 1) expect(found[n]![0]).toBe(found[n - 1]![1] + 1)
  }
})
