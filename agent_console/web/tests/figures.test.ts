import { describe, expect, it } from 'vitest'
import { average, length, percent, rank } from '@/pages/figures/values'

describe('figures in words', () => {
  it('never shows a target as met before it is', () => {
    expect(percent({ part: 9499, whole: 10000, share: 0.9499 })).toBe('94.9%')
    expect(percent({ part: 95, whole: 100, share: 0.95 })).toBe('95.0%')
    expect(percent({ part: 29, whole: 100, share: 0.29 })).toBe('29.0%')
  })

  it('shows nothing where there is nothing to count, and sorts it first', () => {
    expect(percent({ part: 0, whole: 0, share: null })).toBe('—')
    expect(average({ average_ms: null, count: 0 })).toBe('—')
    expect(length(null)).toBe('—')
    expect([0.5, null, 0].sort((one, other) => rank(one) - rank(other))).toEqual([null, 0, 0.5])
  })
})
