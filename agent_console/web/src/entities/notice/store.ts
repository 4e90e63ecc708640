import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { line } from '@/transport/line'
import type { NoticeView, Receipt } from '@/transport/messages.gen'

/** The notices that the shift leader sent to this person, newest first. */
export const useNotices = defineStore('notices', () => {
  const all = shallowRef<NoticeView[]>([])

  function arrived(notice: NoticeView): void {
    all.value = [notice, ...all.value.filter(({ notice_id }) => notice_id !== notice.notice_id)]
  }

  function wasRead(noticeId: string, at: string | null): void {
    all.value = all.value.map((notice) => (notice.notice_id === noticeId ? { ...notice, read_at: at } : notice))
  }

  async function read(noticeId: string): Promise<void> {
    const receipt = await line.send<Receipt>({ command: 'read_notice', notice_id: noticeId }, { repeatable: true })
    wasRead(noticeId, receipt.read_at)
  }

  return {
    all,
    unread: computed(() => all.value.filter(({ read_at }) => read_at === null)),
    welcome: (notices: NoticeView[]) => (all.value = notices),
    arrived,
    wasRead,
    read,
  }
})
