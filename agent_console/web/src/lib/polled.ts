import { onBeforeUnmount, onMounted } from 'vue'
import { useLoaded, type Loaded } from './loaded'

/** A thing asked of the server again and again while the page is there and can be seen. */
export function usePolled<Value>(fetch: () => Promise<Value>, everyMs = 10_000): Loaded<Value> {
  const loaded = useLoaded(fetch)
  let timer: ReturnType<typeof setInterval> | undefined
  onMounted(() => {
    void loaded.load()
    timer = setInterval(() => document.visibilityState === 'visible' && !loaded.loading.value && void loaded.load(), everyMs)
  })
  onBeforeUnmount(() => clearInterval(timer))
  return loaded
}
