import { computed, ref, shallowRef } from 'vue'
import { useLive } from '@/lib/live'
import { ApiError, toApiError } from '@/transport/problem'

/** One order to the PBX at a time: under way from the moment it is given until the PBX has carried it out, or could not. */
export function useOrder() {
  const underWay = ref<string | null>(null)
  const problem = shallowRef<ApiError | null>(null)

  useLive(['order_changed'], (body) => {
    if (body.kind !== 'order_changed' || body.order.order_id !== underWay.value || !body.order.ended_at) return
    underWay.value = null
    if (body.order.problem) problem.value = new ApiError(body.order.problem)
  })

  /** Gives the order under a request id of its own, which orders once however often it is sent. */
  async function give(send: (requestId: string) => Promise<unknown>): Promise<void> {
    const requestId = crypto.randomUUID()
    underWay.value = requestId
    problem.value = null
    try {
      await send(requestId)
    } catch (thrown) {
      underWay.value = null
      problem.value = toApiError(thrown)
    }
  }

  /** What was ordered shows by itself, or is of no concern any more. */
  const forget = () => (underWay.value = null)

  return { busy: computed(() => underWay.value !== null), problem, give, forget }
}
