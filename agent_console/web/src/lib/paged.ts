import { ref, shallowRef, type Ref, type ShallowRef } from 'vue'
import type { Page } from '@/transport/api'
import { toApiError, type ApiError } from '@/transport/problem'
import { exactNow } from './clock'

export interface Paged<Item> {
  items: ShallowRef<Item[]>
  loading: Ref<boolean>
  error: ShallowRef<ApiError | null>
  asOf: Ref<number | null>
  hasMore: Ref<boolean>
  /** From the first page. */
  reload: () => Promise<void>
  /** One page further. */
  more: () => Promise<void>
  /** Puts a fresh first page on top of what is shown, so that a live list grows without jumping. */
  refresh: () => Promise<void>
}

/** A keyset-paged list. An answer that was overtaken by a newer question is dropped. */
export function usePaged<Item>(
  fetch: (cursor: string | null) => Promise<Page<Item>>,
  key: (item: Item) => string,
): Paged<Item> {
  const items = shallowRef<Item[]>([])
  const loading = ref(false)
  const error = shallowRef<ApiError | null>(null)
  const asOf = ref<number | null>(null)
  const hasMore = ref(false)
  let cursor: string | null = null
  let asked = 0

  async function ask(from: string | null, take: (page: Page<Item>) => void): Promise<void> {
    const question = ++asked
    loading.value = true
    try {
      const page = await fetch(from)
      if (question !== asked) return
      take(page)
      error.value = null
      asOf.value = exactNow()
    } catch (thrown) {
      if (question === asked) error.value = toApiError(thrown)
    } finally {
      if (question === asked) loading.value = false
    }
  }

  function follow(page: Page<Item>): void {
    cursor = page.next_cursor
    hasMore.value = cursor !== null
  }

  const reload = () =>
    ask(null, (page) => {
      items.value = page.items
      follow(page)
    })

  const more = () =>
    ask(cursor, (page) => {
      items.value = [...items.value, ...page.items]
      follow(page)
    })

  const refresh = () =>
    ask(null, (page) => {
      const fresh = new Set(page.items.map(key))
      const older = items.value.filter((item) => !fresh.has(key(item)))
      if (!older.length) follow(page)
      items.value = [...page.items, ...older]
    })

  return { items, loading, error, asOf, hasMore, reload, more, refresh }
}
