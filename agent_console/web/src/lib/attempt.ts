import { computed, ref, shallowRef } from 'vue'
import { toApiError, type ApiError } from '@/transport/problem'

/**
 * One act of a person at a time: what it is busy with, what went wrong with the last one, and `after` it, however it
 * ended, a look at how things stand now.
 */
export function useAttempt(after: () => unknown) {
  const at = ref<string | null>(null)
  const problem = shallowRef<ApiError | null>(null)

  /** True when it went well; `what` names the row that it works on. */
  async function attempt(action: () => Promise<unknown>, what = ''): Promise<boolean> {
    at.value = what
    problem.value = null
    try {
      await action()
      return true
    } catch (thrown) {
      problem.value = toApiError(thrown)
      return false
    } finally {
      at.value = null
      void after()
    }
  }

  return { attempt, at, busy: computed(() => at.value !== null), problem }
}
