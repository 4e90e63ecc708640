import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import { useDrafts } from '@/entities/draft/store'
import { emptyContent, same, type DraftRecord } from '@/entities/draft/sync'
import { api } from '@/transport/api'
import type { AdditionMade } from '@/transport/messages.gen'
import { toApiError, type ApiError } from '@/transport/problem'

/** Adds what is typed to a case that is open, instead of filing another. Until the server has it, the form stands. */
export const useAdditions = defineStore('additions', () => {
  const last = shallowRef<AdditionMade | null>(null)
  const problem = shallowRef<ApiError | null>(null)
  const busy = ref(false)
  /** By draft and case: sent again after a lost answer, it is added once. */
  const requests = new Map<string, string>()

  async function add(caseId: string, callId: string | null, urging: boolean): Promise<boolean> {
    if (busy.value) return false
    const drafts = useDrafts()
    const record = drafts.active
    const key = `${record?.draftId ?? callId} ${caseId} ${urging}`
    const request_id = requests.get(key) ?? crypto.randomUUID()
    requests.set(key, request_id)
    busy.value = true
    problem.value = null
    if (record) drafts.freeze(record.draftId)
    try {
      last.value = await api.addToCase(caseId, {
        request_id,
        draft_id: record?.draftId ?? null,
        call_id: record ? record.callId : callId,
        content: record?.content ?? emptyContent(),
        urging,
      })
      requests.delete(key)
      if (record) settle(record)
      return true
    } catch (thrown) {
      const error = toApiError(thrown)
      problem.value = error
      if (!error.transient) requests.delete(key)
      if (record) drafts.unfreeze(record.draftId)
      return false
    } finally {
      busy.value = false
    }
  }

  /** What was typed while the addition was on its way is no part of it, and goes on as a draft of its own. */
  function settle({ draftId, content }: DraftRecord): void {
    const drafts = useDrafts()
    const now = drafts.records.get(draftId)
    if (now && !same(now.content, content)) drafts.renew(draftId)
    else drafts.forget(draftId)
  }

  function clear(): void {
    last.value = null
    problem.value = null
  }

  return { last, problem, busy, add, clear }
})
