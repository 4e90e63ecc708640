import { onBeforeUnmount } from 'vue'

/** Calls `action` once after a burst of calls, `ms` after the last one. */
export function useSettled(action: () => void, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  onBeforeUnmount(() => clearTimeout(timer))
  return () => {
    clearTimeout(timer)
    timer = setTimeout(action, ms)
  }
}
