import type { LocationQuery } from 'vue-router'
import type { HitView } from '@/transport/messages.gen'

export type Severity = HitView['severity']
export const SPANS = ['today', 'week', 'month', 'own'] as const
export const SEVERITIES: readonly Severity[] = ['fatal', 'major', 'minor']
/** What a filter says for calls that have none: no group, no queue, nobody signed in. */
export const NONE = '-'

/** What a board is asked for; `first` and `last` are days of the hall. */
export interface BoardQuestion {
  first: string
  last: string
  team: string
  queue: string
  agent: string
  rule: string
  severity: string
}

export type Span = (typeof SPANS)[number]
const FILTERS = ['team', 'queue', 'agent', 'rule', 'severity'] as const
const DAY = /^\d{4}-\d{2}-\d{2}$/
const LENGTH = { today: 1, week: 7, month: 30 } as const

/** So many days before (or, below zero, after) a day of the calendar. */
export function daysBefore(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) - days * 86_400_000).toISOString().slice(0, 10)
}

/** The first and the last day of a span that ends today. */
export function daysOf(span: Exclude<Span, 'own'>, today: string): [string, string] {
  return [daysBefore(today, LENGTH[span] - 1), today]
}

/** Which span these days are. */
export function spanOf({ first, last }: Pick<BoardQuestion, 'first' | 'last'>, today: string): Span {
  return SPANS.find((span) => span !== 'own' && daysOf(span, today).join() === [first, last].join()) ?? 'own'
}

/** The question that an address carries; without days the last seven. */
export function fromQuery(query: LocationQuery, today: string): BoardQuestion {
  const text = (name: string) => (typeof query[name] === 'string' ? query[name] : '')
  const [first, last] = DAY.test(text('first')) && DAY.test(text('last')) ? [text('first'), text('last')] : daysOf('week', today)
  return { first, last, team: text('team'), queue: text('queue'), agent: text('agent'), rule: text('rule'), severity: text('severity') }
}

/** The question as an address carries it. */
export function toQuery(question: BoardQuestion, more: Record<string, string> = {}): Record<string, string> {
  const asked = FILTERS.filter((name) => question[name]).map((name) => [name, question[name]])
  return { first: question.first, last: question.last, ...Object.fromEntries(asked), ...more }
}
