import { computed, watch } from 'vue'
import { useOrder } from '@/entities/order/follow'
import { line } from '@/transport/line'
import type { OrderView } from '@/transport/messages.gen'
import { useCall } from './store'

/** Pausing the recording of the call on the desk: ordered here, done by the PBX, shown when it is so. */
export function useRecordingPause() {
  const call = useCall()
  const { busy, problem, give, forget } = useOrder()
  const since = computed(() => call.card?.recording_paused_at ?? null)

  watch([since, () => call.card?.call_id], forget)

  async function toggle(): Promise<void> {
    const callId = call.card?.call_id
    if (!callId || busy.value) return
    const command = since.value ? 'resume_recording' : 'pause_recording'
    await give((requestId) => line.send<OrderView>({ command, request_id: requestId, call_id: callId }, { repeatable: true }))
  }

  return { busy, problem, toggle }
}
