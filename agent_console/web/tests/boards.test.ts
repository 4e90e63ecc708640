import { describe, expect, it } from 'vitest'
import { daysBefore, daysOf, fromQuery, spanOf, toQuery } from '@/entities/board/question'
import { changeOf, percent, tenth } from '@/pages/boards/values'

const TODAY = '2026-03-01'

describe('what a board is asked', () => {
  it('counts days over the end of a month and of a year', () => {
    expect(daysBefore(TODAY, 1)).toBe('2026-02-28')
    expect(daysBefore('2028-03-01', 1)).toBe('2028-02-29')
    expect(daysBefore('2026-01-01', 1)).toBe('2025-12-31')
    expect(daysOf('week', TODAY)).toEqual(['2026-02-23', TODAY])
  })

  it('knows a span by its days', () => {
    for (const span of ['today', 'week', 'month'] as const) {
      const [first, last] = daysOf(span, TODAY)
      expect(spanOf({ first, last }, TODAY)).toBe(span)
    }
    expect(spanOf({ first: '2026-02-01', last: '2026-02-03' }, TODAY)).toBe('own')
  })

  it('is carried by an address and read back, with the last week where it says no days', () => {
    const asked = { first: '2026-02-01', last: '2026-02-03', team: '甲班', queue: '', agent: '-', rule: 'greeting', severity: '' }
    expect(fromQuery(toQuery(asked), TODAY)).toEqual(asked)
    expect(toQuery(asked, { kind: 'hits' })).toEqual({ first: '2026-02-01', last: '2026-02-03', team: '甲班', agent: '-', rule: 'greeting', kind: 'hits' })
    expect(fromQuery({ first: 'yesterday', last: ['2026-02-03'] }, TODAY)).toMatchObject({ first: '2026-02-23', last: TODAY })
  })
})

describe('figures', () => {
  it('shows nothing where nothing can be counted', () => {
    expect([tenth(null), percent(null), tenth(0), percent(0.5)]).toEqual(['—', '—', '0.0', '50%'])
  })

  it('tells a change only where both periods have a rate and it moved', () => {
    expect([changeOf(2, 1.5), changeOf(1, 1.04), changeOf(null, 1), changeOf(1, null)]).toEqual([0.5, null, null, null])
  })
})
