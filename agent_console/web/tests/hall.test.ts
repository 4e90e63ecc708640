import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { useHall } from '@/entities/hall/store'
import { useNotices } from '@/entities/notice/store'
import { setServerTime } from '@/lib/clock'
import type { HallCall, HallState, NoticeView, Receipt, SeatAlert, SeatView, SentNotice } from '@/transport/messages.gen'

const call = (call_id: string, stage: HallCall['stage'], arrived_at: string) =>
  ({ call_id, stage, arrived_at, supervisors: [] as HallCall['supervisors'] }) as HallCall
const receipt = (user_id: string, read_at: string | null): Receipt => ({ user_id, seat: '8001', agent_name: '', read_at })
const state = (over: Partial<HallState> = {}): HallState => ({ seats: [], calls: [], alerts: [], notices: [], ...over })

beforeEach(() => setActivePinia(createPinia()))

describe('the hall', () => {
  it('shows nothing to who may not watch it, whatever is heard', () => {
    const hall = useHall()
    hall.welcome(null)
    hall.changed({ seat: '8001' } as SeatView)
    hall.callChanged(call('a', 'queued', '1'))
    expect([hall.known, hall.seats.size, hall.calls.size]).toEqual([false, 0, 0])
  })

  it('puts who waits longest first and moves calls as they move', () => {
    const hall = useHall()
    hall.welcome(state({ calls: [call('b', 'queued', '2'), call('a', 'queued', '1')] }))
    expect(hall.waiting.map(({ call_id }) => call_id)).toEqual(['a', 'b'])
    hall.callChanged(call('a', 'answered', '1'))
    expect(hall.waiting.map(({ call_id }) => call_id)).toEqual(['b'])
    expect(hall.underWay.map(({ call_id }) => call_id)).toEqual(['a'])
    hall.callGone('a')
    expect(hall.underWay).toEqual([])
  })

  it('is what the next welcome says', () => {
    const hall = useHall()
    hall.welcome(state({ calls: [call('a', 'queued', '1')] }))
    hall.welcome(state())
    expect(hall.calls.size).toBe(0)
  })

  it('finds the call in which a supervisor takes part', () => {
    const hall = useHall()
    const heard = { ...call('a', 'answered', '1'), supervisors: [{ by_seat: '8050', mode: 'listen' as const, since: '2' }] }
    hall.welcome(state({ calls: [heard, call('b', 'answered', '2')] }))
    expect(hall.supervisedFrom('8050')?.call_id).toBe('a')
    expect(hall.supervisedFrom('8051')).toBeUndefined()
  })

  it('keeps the newest alerts', () => {
    const hall = useHall()
    hall.welcome(state())
    for (let n = 0; n < 40; n += 1) hall.alerted({ seat: '8001', agent_name: null, call_id: null, at: String(n) } as SeatAlert)
    expect(hall.alerts.length).toBe(30)
    expect(hall.alerts[0]?.at).toBe('39')
  })

  it('sees who has read a notice', () => {
    const hall = useHall()
    const sent = { notice_id: 'n', receipts: [receipt('u1', null), receipt('u2', null)] } as SentNotice
    hall.welcome(state())
    hall.noticeSent(sent)
    hall.noticeSent(sent)
    hall.noticeRead('n', receipt('u2', 'now'))
    expect(hall.notices.map(({ receipts }) => receipts.map(({ read_at }) => read_at))).toEqual([[null, 'now']])
  })
})

it('counts a notice as unread until it is read, and once however often it arrives', () => {
  const notices = useNotices()
  const notice = { notice_id: 'n', read_at: null, sent_at: '2026-11-22T02:00:00Z', ends_at: '2026-11-22T10:00:00Z' } as NoticeView
  setServerTime('2026-11-22T03:00:00Z')
  notices.arrived(notice)
  notices.arrived(notice)
  expect(notices.unread).toHaveLength(1)
  notices.wasRead('n', 'now')
  expect([notices.unread.length, notices.all.length]).toEqual([0, 1])
  setServerTime('2026-11-22T10:00:01Z')
  expect(notices.all).toHaveLength(0)
})
