import { useI18n } from 'vue-i18n'
import { shortTime } from '@/lib/time'
import type { CallbackView } from '@/transport/messages.gen'

/** How often the citizen was called for a callback visit, or from when on the next call may be made. */
export function useAttempted(): (callback: CallbackView, now: number) => string {
  const { t } = useI18n()
  return ({ attempts, not_before, state }, now) => {
    const count = t('attempt.count', { count: attempts })
    const waits = state === 'scheduled' && not_before && Date.parse(not_before) > now
    return waits ? `${count} · ${t('attempt.not_before', { time: shortTime(not_before, now) })}` : count
  }
}
