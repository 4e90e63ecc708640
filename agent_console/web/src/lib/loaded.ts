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

/** One thing asked of the server; a failure leaves what was shown before, with its age. */
export function useLoaded<Value>(fetch: () => Promise<Value>): Loaded<Value> {
  const value = shallowRef<Value | null>(null)
  const loading = ref(false)
  const error = shallowRef<ApiError | null>(null)
  const asOf = ref<number | null>(null)

  async function load(): Promise<void> {
    loading.value = true
    try {
      value.value = await fetch()
      error.value = null
      asOf.value = exactNow()
    } catch (thrown) {
      error.value = toApiError(thrown)
    } finally {
      loading.value = false
    }
  }

  return { value, loading, error, asOf, load }
}
