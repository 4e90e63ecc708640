import { useI18n } from 'vue-i18n'
import { duration } from '@/lib/time'
import type { ApiError } from '@/transport/problem'

/** What a rule found in an example instead of what it says it finds. */
interface Found {
  leg: 'caller' | 'seat'
  from_ms: number
  to_ms: number
  text: string
  sure: boolean
}

/** What is wrong on one line of a rule as it was typed (`backend.kernel.datafile.Mistake`). */
export interface RuleMistake {
  line: number
  field: string
  kind: string
  message: string
  facts: Record<string, string | number | Found[]>
}

/** The mistakes that the server names in a refusal, none in any other error. */
export function mistakesOf(error: ApiError | null): RuleMistake[] {
  const told = error?.problem.error === 'RuleTextInvalid' && error.problem.facts?.mistakes
  return told ? (JSON.parse(told) as RuleMistake[]) : []
}

/** What is allowed, of which Pydantic gives `'a', 'b' or 'c'`. */
const allowed = (said: unknown, between: string) => String(said).replaceAll("'", '').replace(/, | or /g, between)

/** A mistake in the language of the screen, with its line; in the server's words where the screen has none. */
export function useMistakeWords(): (mistake: RuleMistake) => string {
  const { t, te } = useI18n()
  const found = (hit: Found) =>
    `${t(`leg.${hit.leg}`)} ${duration(hit.from_ms)}–${duration(hit.to_ms)} ${hit.text}${hit.sure ? '' : t('mistake.unsure')}`
  const inWords = ({ expected, expected_tags }: RuleMistake['facts']) => ({
    ...(typeof expected === 'string' ? { expected: allowed(expected, t('mistake.or')) } : {}),
    ...(expected_tags ? { expected_tags: allowed(expected_tags, t('mistake.or')) } : {}),
  })
  return ({ line, field, kind, message, facts }) => {
    const key = `mistake.kind.${kind}`
    const instead = Array.isArray(facts.found) ? facts.found.map((hit) => t('mistake.between') + found(hit)).join('') : ''
    const told = { ...facts, ...inWords(facts), found: instead }
    const said = kind && te(key) ? t(key, told) : message
    return t(field ? 'mistake.field_wrong' : 'mistake.wrong', { line, field, said })
  }
}
