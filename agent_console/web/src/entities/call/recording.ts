import { computed, ref, watch } from 'vue'
import { ApiError, toApiError } from '@/transport/problem'
import { line } from '@/transport/line'
import { useLive } from '@/lib/live'
import type { OrderView } from '@/transport/messages.gen'
import { useCall } from './store'

/** Pausing the recording of the call on the desk: ordered here, done by the PBX, shown when it is so. */
export function useRecordingPause() {
  const call = useCall()
  const order = ref<string | null>(null)
  const problem = ref<ApiError | null>(null)
  const since = computed(() => call.card?.recording_paused_at ?? null)

  watch([since, () => call.card?.call_id], () => (order.value = null))
  useLive(['order_changed'], (body) => {
    if (body.kind !== 'order_changed' || body.order.order_id !== order.value || !body.order.ended_at) return
    order.value = null
    if (body.order.problem) problem.value = new ApiError(body.order.problem)
  })

  async function toggle(): Promise<void> {
    const callId = call.card?.call_id
    if (!callId || order.value) return
    const command = since.value ? 'resume_recording' : 'pause_recording'
    const requestId = crypto.randomUUID()
    order.value = requestId
    problem.value = null
    try {
      await line.send<OrderView>({ command, request_id: requestId, call_id: callId }, { repeatable: true })
    } catch (error) {
      order.value = null
      problem.value = toApiError(error)
    }
  }

  return { busy: computed(() => order.value !== null), problem, toggle }
}
