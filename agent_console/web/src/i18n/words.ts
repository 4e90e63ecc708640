import { useI18n } from 'vue-i18n'
import type { ApiError } from '@/transport/problem'

export interface ErrorWords {
  message: string
  kept: string
  nextStep: string
}

/** An error in the language of the screen: translated by its name where there are words for it, else as it came. */
export function useErrorWords(): (error: ApiError) => ErrorWords {
  const { t, te } = useI18n()
  return ({ problem }) => {
    const part = (name: 'message' | 'kept' | 'next_step', fallback: string) => {
      const key = `errors.${problem.error}.${name}`
      return te(key) ? t(key) : fallback
    }
    return {
      message: part('message', problem.message || t('errors.unnamed')),
      kept: part('kept', problem.kept),
      nextStep: part('next_step', problem.next_step),
    }
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
