import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import { toApiError, type ApiError } from '@/transport/problem'
import { exactNow } from './clock'

export interface Loaded<Value> {
  value: ShallowRef<Value | null>
  loading: Ref<boolean>
  error: ShallowRef<ApiError | null>
  asOf: Ref<number | null>
  load: () => Promise<void>
}

/**
 * One thing asked of the server; a failure leaves what was shown before, with its age. An answer that was overtaken by a
 * newer question is dropped.
 */
export function useLoaded<Value>(fetch: () => Promise<Value>): Loaded<Value> {
  const value = shallowRef<Value | null>(null)
  const loading = ref(false)
  const error = shallowRef<ApiError | null>(null)
  const asOf = ref<number | null>(null)
  let asked = 0

  async function load(): Promise<void> {
    const question = ++asked
    loading.value = true
    try {
      const answer = await fetch()
      if (question !== asked) return
      value.value = answer
      error.value = null
      asOf.value = exactNow()
    } catch (thrown) {
      if (question === asked) error.value = toApiError(thrown)
    } finally {
      if (question === asked) loading.value = false
    }
  }

  return { value, loading, error, asOf, load }
}
