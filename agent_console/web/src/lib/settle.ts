import { onBeforeUnmount } from 'vue'

/** A burst that does not end is not waited for any longer than so many times its pause. */
const LONGEST = 5

/** Calls `action` once for a burst of calls, `ms` after the last one; while the burst goes on and on, now and then. */
export function useSettled(action: () => void, ms: number): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined
  let due: number | null = null
  const act = () => {
    due = null
    action()
  }
  onBeforeUnmount(() => clearTimeout(timer))
  return () => {
    const now = performance.now()
    due ??= now + LONGEST * ms
    clearTimeout(timer)
    timer = setTimeout(act, Math.min(ms, Math.max(0, due - now)))
  }
}
