import { describe, expect, it } from 'vitest'
import * as time from '@/lib/time'

const UTC = '2026-11-22T16:05:09Z'

it("shows the hall's clock, whatever the machine's zone", () => {
  expect(time.clockTime(UTC)).toBe('00:05:09')
  expect(time.calendarDay(UTC)).toBe('2026-11-23')
  expect(time.dateTime(UTC)).toBe('2026-11-23 00:05')
})

it('shows as little of a date as tells the day', () => {
  expect(time.shortTime(UTC, '2026-11-23T03:00:00Z')).toBe('00:05')
  expect(time.shortTime(UTC, '2026-11-22T15:59:00Z')).toBe('11-23 00:05')
  expect(time.shortTime(UTC, '2027-01-01T00:00:00Z')).toBe('2026-11-23 00:05')
})

it.each([
  [0, '00:00'],
  [41_900, '00:41'],
  [727_000, '12:07'],
  [3_729_000, '1:02:09'],
  [-5, '00:00'],
])('shows %i ms as %s', (ms, text) => {
  expect(time.duration(ms)).toBe(text)
})

describe('the picker', () => {
  it('is read in the zone of the hall', () => {
    expect(time.fromWallClock('2026-11-23 00:05')).toBe('2026-11-22T16:05:00.000Z')
  })

  it.each(['', '2026-11-23', '2026-13-40 10:00', '明天'])('takes %j for no time', (text) => {
    expect(time.fromWallClock(text)).toBeNull()
  })

  it('comes back as it was', () => {
    const instant = time.fromWallClock('2027-02-28 23:59') as string
    expect(time.dateTime(instant)).toBe('2027-02-28 23:59')
  })
})

describe('quick picks', () => {
  it('count days by the calendar of the hall', () => {
    const picks = Object.fromEntries(time.quickPicks(UTC).map(({ key, at }) => [key, time.dateTime(at)]))
    expect(picks).toEqual({
      today_afternoon: '2026-11-23 16:30',
      tomorrow_morning: '2026-11-24 09:30',
      tomorrow_afternoon: '2026-11-24 14:30',
      three_days: '2026-11-26 09:30',
      one_week: '2026-11-30 09:30',
    })
  })

  it('offer no afternoon that is over, and nothing in the past', () => {
    const afternoon = '2026-11-22T07:00:00Z'
    const picks = time.quickPicks(afternoon)
    expect(picks.map(({ key }) => key)).not.toContain('today_afternoon')
    expect(picks.every(({ at }) => Date.parse(at) > Date.parse(afternoon))).toBe(true)
  })
})
