import { useI18n } from 'vue-i18n'
import { useSession } from '@/entities/session/store'
import { serverNow } from '@/lib/clock'
import { shortTime } from '@/lib/time'
import type { ApiError, Told } from '@/transport/problem'
import type { ErrorText } from './errors.zh-CN'

export interface ErrorWords {
  message: string
  kept: string
  nextStep: string
}

/** An error in the language of the screen: translated by its name where there are words for it, else as it came. */
export function useErrorWords(): (error: ApiError) => ErrorWords {
  const { t, te } = useI18n()
  const word = useCodeWords()
  /** Who was faster with what, where the server tells. */
  const faster = ({ error, facts }: Told) =>
    facts?.kind && facts.at
      ? t('changed_by', { who: facts.who || t('changed_by_platform'), did: word(error === 'EntryOutdated' ? 'special.step' : 'case_event', facts.kind), when: shortTime(facts.at, serverNow.value) })
      : ''
  /** Which field is wrong, and which rule it breaks. */
  const wrong = ({ error, field, facts }: Told) => {
    if (error !== 'InputInvalid' || !field) return ''
    const rule = `input.rule.${facts?.rule}`
    const name = field.split('.').filter((step) => !/^\d+$/.test(step)).at(-1)
    return t('input.wrong', { field: word('input.field', name), rule: te(rule) ? t(rule, { limit: facts?.limit ?? '' }) : t('input.unfit') })
  }
  return ({ problem }) => {
    const key = (part: keyof ErrorText) => `errors.${problem.error}.${part}`
    if (!te(key('message'))) {
      return { message: problem.message || t('error_unnamed'), kept: problem.kept, nextStep: problem.next_step }
    }
    const facts = problem.facts ?? {}
    const part = (name: keyof ErrorText) => (te(key(name)) ? t(key(name), facts) : '')
    const detail = Object.keys(facts).length ? part('detail') : ''
    return { message: (wrong(problem) || part('message')) + detail + faster(problem), kept: part('kept'), nextStep: part('next_step') }
  }
}

/** What people call a channel, in the language of the screen; the code itself once it is configured no longer. */
export function useChannelTitles(): (code: string) => string {
  const { locale } = useI18n()
  const session = useSession()
  return (code) => {
    const channel = session.options?.channels.find((each) => each.code === code)
    return (locale.value === 'en' ? channel?.title_en : channel?.title) ?? code
  }
}

/** A word of a code list, or the code itself where a newer server knows more than this page. */
export function useCodeWords(): (list: string, code: string | null | undefined) => string {
  const { t, te } = useI18n()
  return (list, code) => {
    if (!code) return ''
    const key = `${list}.${code}`
    return te(key) ? t(key) : code
  }
}

/** A span as people say it, in its two largest parts; what is shorter than a minute is one. */
export function useSpan(): (ms: number) => string {
  const { t } = useI18n()
  return (ms) => {
    const minutes = Math.max(1, Math.floor(ms / 60_000))
    const [d, h, m] = [Math.floor(minutes / 1440), Math.floor(minutes / 60) % 24, minutes % 60]
    if (d) return t('span.days', { d, h })
    return h ? t('span.hours', { h, m }) : t('span.minutes', { m })
  }
}
