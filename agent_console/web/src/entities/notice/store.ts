import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { serverNow } from '@/lib/clock'
import { line } from '@/transport/line'
import type { NoticeView, Receipt } from '@/transport/messages.gen'

/** The notices that the shift leader sent to this person and that have not ended, newest first. */
export const useNotices = defineStore('notices', () => {
  const received = shallowRef<NoticeView[]>([])
  const all = computed(() => received.value.filter(({ ends_at }) => Date.parse(ends_at) > serverNow.value))

  function arrived(notice: NoticeView): void {
    const others = received.value.filter(({ notice_id }) => notice_id !== notice.notice_id)
    received.value = [notice, ...others].sort((a, b) => b.sent_at.localeCompare(a.sent_at))
  }

  function wasRead(noticeId: string, at: string | null): void {
    received.value = received.value.map((notice) => (notice.notice_id === noticeId ? { ...notice, read_at: at } : notice))
  }

  async function read(noticeId: string): Promise<void> {
    const receipt = await line.send<Receipt>({ command: 'read_notice', notice_id: noticeId }, { repeatable: true })
    wasRead(noticeId, receipt.read_at)
  }

  return {
    all,
    unread: computed(() => all.value.filter(({ read_at }) => read_at === null)),
    welcome: (notices: NoticeView[]) => (received.value = notices),
    arrived,
    wasRead,
    read,
  }
})
