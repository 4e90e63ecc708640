import { ref, watch, type Ref } from 'vue'
import { Keep } from './storage'

/** Words that are being typed about something, kept in this browser until they are sent or taken back: a page that goes takes none along. */
export function useKept(prefix: string, id: string): Ref<string> {
  const keep = new Keep<string>(prefix)
  const words = ref(keep.get(id) ?? '')
  watch(words, (typed) => (typed ? keep.put(id, typed) : keep.remove(id)), { flush: 'sync' })
  return words
}
