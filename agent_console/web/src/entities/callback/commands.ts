import { line } from '@/transport/line'
import type { CallbackView, CallbackWish } from '@/transport/messages.gen'

/** Schedules a visit once, however often this is repeated with the same `requestId`. */
export function scheduleCallback(requestId: string, caseId: string, callback: CallbackWish): Promise<CallbackView> {
  return line.send<CallbackView>(
    { command: 'schedule_callback', request_id: requestId, case_id: caseId, callback },
    { repeatable: true },
  )
}

export function cancelCallback(callbackId: string, reason: string): Promise<CallbackView> {
  return line.send<CallbackView>({ command: 'cancel_callback', callback_id: callbackId, reason })
}
