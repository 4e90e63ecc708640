import type { ApiError } from '@/transport/problem'

/** Why the phone does not work, each with its own words and remedy in the language files. */
export interface PhoneProblem {
  kind:
    | 'microphone_denied'
    | 'microphone_missing'
    | 'microphone_busy'
    | 'insecure_page'
    | 'registration'
    | 'unavailable'
    | 'not_reached'
    | 'transfer_refused'
    | 'order_failed'
    | 'lift_handset'
    | 'use_phone_keys'
  detail: string
  /** What the server says of an order for a phone on the desk. */
  error?: ApiError
}

const BY_NAME: Record<string, PhoneProblem['kind']> = {
  NotAllowedError: 'microphone_denied',
  SecurityError: 'microphone_denied',
  NotFoundError: 'microphone_missing',
  OverconstrainedError: 'microphone_missing',
  NotReadableError: 'microphone_busy',
  AbortError: 'microphone_busy',
}

export function microphoneProblem(error: unknown): PhoneProblem {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) }
  return { kind: BY_NAME[name] ?? 'microphone_busy', detail: message }
}

/** What passes: it says nothing of the phone itself, so there is nothing to try again. */
export const PASSING: ReadonlySet<PhoneProblem['kind']> = new Set([
  'not_reached',
  'transfer_refused',
  'order_failed',
  'lift_handset',
  'use_phone_keys',
])

/** Asks for the microphone before the first call, so that its permission is not asked for while a citizen waits. */
export async function tryMicrophone(): Promise<PhoneProblem | null> {
  if (!window.isSecureContext || !navigator.mediaDevices) return { kind: 'insecure_page', detail: location.origin }
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true, video: false })
    stream.getTracks().forEach((track) => track.stop())
    return null
  } catch (error) {
    return microphoneProblem(error)
  }
}
