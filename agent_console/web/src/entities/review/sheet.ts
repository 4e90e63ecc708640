import { computed, onBeforeUnmount, ref, shallowRef } from 'vue'
import { Keep } from '@/lib/storage'
import { api } from '@/transport/api'
import type { SheetAnswers, ReviewDetail, ScoreView } from '@/transport/messages.gen'
import { localError, toApiError, type ApiError } from '@/transport/problem'

/** A pause in filling in of this length saves, ms. */
const PAUSE_MS = 400
const RETRY_MS = 3_000

/** What is not with the server yet, kept in this browser: a page that goes takes no words along. */
interface Unsaved {
  revision: number
  answers: SheetAnswers
}

/**
 * The sheet that is being filled in. It is saved at each pause; what the server refuses for now is tried again. When it was
 * saved in another place first, nothing is overwritten and nothing typed is lost: the reviewer decides which one stands.
 */
export function useSheet(userId: string) {
  const keep = new Keep<Unsaved>(`hotline.review.${userId}.`)
  const detail = shallowRef<ReviewDetail | null>(null)
  const answers = shallowRef<SheetAnswers | null>(null)
  const result = shallowRef<ScoreView | null>(null)
  const savedAt = ref<string | null>(null)
  const dirty = ref(false)
  const saving = ref(false)
  const problem = shallowRef<ApiError | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined

  const editable = computed(() => detail.value?.may.includes('save') ?? false)
  const stale = computed(() => problem.value?.problem.error === 'ReviewChangedMeanwhile')
  const badge = computed(() => {
    if (!editable.value) return null
    if (problem.value?.transient) return 'local'
    if (problem.value) return null
    if (dirty.value || saving.value) return 'saving'
    return savedAt.value ? 'saved' : null
  })

  function take(fresh: ReviewDetail): void {
    clearTimeout(timer)
    detail.value = fresh
    answers.value = fresh.answers
    result.value = fresh.result
    savedAt.value = fresh.review.saved_at
    dirty.value = false
    problem.value = null
    const left = keep.get(fresh.review.review_id)
    if (left && editable.value) restore(fresh, left)
    else keep.remove(fresh.review.review_id)
  }

  /** What this browser holds and the server does not; on another revision the reviewer is asked. */
  function restore(fresh: ReviewDetail, left: Unsaved): void {
    answers.value = left.answers
    dirty.value = true
    if (left.revision === fresh.review.revision) timer = setTimeout(() => void save(), 0)
    else problem.value = localError('ReviewChangedMeanwhile', '')
  }

  function set(changed: Partial<SheetAnswers>): void {
    if (!answers.value || !detail.value) return
    answers.value = { ...answers.value, ...changed }
    if (!editable.value) return
    dirty.value = true
    const { review_id, revision } = detail.value.review
    keep.put(review_id, { revision, answers: answers.value })
    if (stale.value) return
    clearTimeout(timer)
    timer = setTimeout(() => void save(), PAUSE_MS)
  }

  async function save(): Promise<void> {
    clearTimeout(timer)
    const now = detail.value
    const sent = answers.value
    if (!now || !sent || !dirty.value || saving.value || stale.value) return
    saving.value = true
    try {
      const saved = await api.saveReview(now.review.review_id, { revision: now.review.revision, answers: sent })
      if (detail.value?.review.review_id !== now.review.review_id) return
      detail.value = { ...detail.value, review: { ...detail.value.review, revision: saved.revision, saved_at: saved.saved_at } }
      result.value = saved.result
      savedAt.value = saved.saved_at
      problem.value = null
      dirty.value = answers.value !== sent
      if (dirty.value && answers.value) keep.put(now.review.review_id, { revision: saved.revision, answers: answers.value })
      else keep.remove(now.review.review_id)
    } catch (thrown) {
      problem.value = toApiError(thrown)
    } finally {
      saving.value = false
    }
    if (dirty.value && !stale.value) timer = setTimeout(() => void save(), problem.value ? RETRY_MS : PAUSE_MS)
  }

  /** The server's sheet as it stands, and with `mine` what was filled in here on top of it. */
  async function resolve(mine: boolean): Promise<void> {
    const id = detail.value?.review.review_id
    if (!id) return
    const typed = answers.value
    keep.remove(id)
    take(await api.review(id))
    if (mine && typed) {
      set(typed)
      await save()
    }
  }

  /** Gives the score; true when it was taken. */
  async function finish(): Promise<boolean> {
    while (saving.value) await new Promise((done) => setTimeout(done, 20))
    clearTimeout(timer)
    const now = detail.value
    if (!now || !answers.value) return false
    try {
      const scored = await api.scoreReview(now.review.review_id, { revision: now.review.revision, answers: answers.value })
      keep.remove(now.review.review_id)
      take(scored)
      return true
    } catch (thrown) {
      problem.value = toApiError(thrown)
      return false
    }
  }

  onBeforeUnmount(() => void save())
  return { detail, answers, result, savedAt, dirty, problem, editable, stale, badge, take, set, save, resolve, finish }
}
