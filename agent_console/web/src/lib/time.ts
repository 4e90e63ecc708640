/** Times come in UTC and are shown as the hall's clock shows them, wherever the browser stands. */
const ZONE = 'Asia/Shanghai'
/** China keeps one offset all year. */
const OFFSET = '+08:00'

const parts = new Intl.DateTimeFormat('en-CA', {
  timeZone: ZONE,
  hourCycle: 'h23',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})

type Instant = string | number | Date

function fields(instant: Instant): Record<string, string> {
  return Object.fromEntries(parts.formatToParts(new Date(instant)).map((part) => [part.type, part.value]))
}

/** 10:42:07 */
export function clockTime(instant: Instant): string {
  const { hour, minute, second } = fields(instant)
  return `${hour}:${minute}:${second}`
}

/** 2026-11-22 */
export function calendarDay(instant: Instant): string {
  const { year, month, day } = fields(instant)
  return `${year}-${month}-${day}`
}

/** 2026-11-22 10:42 */
export function dateTime(instant: Instant): string {
  const { hour, minute } = fields(instant)
  return `${calendarDay(instant)} ${hour}:${minute}`
}

/** 10:42 on the day of `now`, 11-22 10:42 within its year, 2025-11-22 10:42 otherwise. */
export function shortTime(instant: Instant, now: Instant): string {
  const { year, month, day, hour, minute } = fields(instant)
  if (calendarDay(instant) === calendarDay(now)) return `${hour}:${minute}`
  if (year === fields(now).year) return `${month}-${day} ${hour}:${minute}`
  return `${year}-${month}-${day} ${hour}:${minute}`
}

/** 00:41, 12:07, 1:02:09; never negative. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return hours ? `${hours}:${rest}` : rest
}

/** The wall-clock text of a picker ("2026-11-22 10:30", hall time) as an instant; null when it is not one. */
export function fromWallClock(text: string): string | null {
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2})$/.exec(text)
  if (!match) return null
  const instant = new Date(`${match[1]}T${match[2]}:00${OFFSET}`)
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString()
}

export interface QuickPick {
  key: 'today_afternoon' | 'tomorrow_morning' | 'tomorrow_afternoon' | 'three_days' | 'one_week'
  at: string
}

const AFTERNOON_ENDS = '14:00'

/** Good times for a callback visit from `now` on, as instants. */
export function quickPicks(now: Instant): QuickPick[] {
  const dayAfter = (days: number) => calendarDay(new Date(now).getTime() + days * 86_400_000)
  const at = (days: number, time: string) => fromWallClock(`${dayAfter(days)} ${time}`) as string
  const picks: QuickPick[] = [
    { key: 'tomorrow_morning', at: at(1, '09:30') },
    { key: 'tomorrow_afternoon', at: at(1, '14:30') },
    { key: 'three_days', at: at(3, '09:30') },
    { key: 'one_week', at: at(7, '09:30') },
  ]
  const { hour, minute } = fields(now)
  if (`${hour}:${minute}` < AFTERNOON_ENDS) picks.unshift({ key: 'today_afternoon', at: at(0, '16:30') })
  return picks
}
