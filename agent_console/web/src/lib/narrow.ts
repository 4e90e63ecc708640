import { onScopeDispose, ref, type Ref } from 'vue'

/** Whether the screen is that of a telephone; the same width stands in the style sheets. */
export function useNarrow(): Ref<boolean> {
  const query = window.matchMedia('(max-width: 600px)')
  const narrow = ref(query.matches)
  const changed = () => (narrow.value = query.matches)
  query.addEventListener('change', changed)
  onScopeDispose(() => query.removeEventListener('change', changed))
  return narrow
}
