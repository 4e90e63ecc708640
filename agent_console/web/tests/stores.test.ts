import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useCall } from '@/entities/call/store'
import { useFiling } from '@/entities/case/filing'
import { useDrafts } from '@/entities/draft/store'
import { useSeat } from '@/entities/seat/store'
import { line } from '@/transport/line'
import type { CallCard, DraftView, FiledCase, SeatView } from '@/transport/messages.gen'
import { ApiError, OFFLINE, localError } from '@/transport/problem'
import type { Order } from '@/transport/socket'

const USER = 'u1'
const refusal = (error: string) => new ApiError({ error, message: '', kept: '', next_step: '', field: 'case.street_code' })

/** Plays the hub: keeps drafts and cases as the real one does, or is away. */
class Hub {
  readonly drafts = new Map<string, DraftView>()
  readonly cases = new Map<string, FiledCase>()
  readonly heard: Order[] = []
  failure: ApiError | null = null

  readonly send = <Result>(order: Order): Promise<Result> => {
    this.heard.push(order)
    if (this.failure) return Promise.reject(this.failure)
    return Promise.resolve(this.answer(order) as Result)
  }

  private answer(order: Order): unknown {
    if (order.command === 'save_draft') {
      const before = this.drafts.get(order.draft_id)?.revision ?? 0
      if (before !== order.revision) throw refusal('DraftChanged')
      const { draft_id, call_id, content } = order
      const view = { draft_id, call_id, content, revision: before + 1, saved_at: new Date().toISOString() }
      this.drafts.set(draft_id, view)
      return view
    }
    if (order.command === 'file_case') {
      const filed = { case: { number: '96010-20261122-000001', case_id: 'c1' }, callback: null } as unknown as FiledCase
      this.cases.set(order.case.request_id, filed)
      return filed
    }
    return {}
  }

  commands(name: Order['command']): Order[] {
    return this.heard.filter(({ command }) => command === name)
  }
}

let hub: Hub

beforeEach(() => {
  vi.useFakeTimers()
  localStorage.clear()
  setActivePinia(createPinia())
  hub = new Hub()
  vi.spyOn(line, 'send').mockImplementation(hub.send as typeof line.send)
  vi.spyOn(line, 'resync').mockImplementation(() => {})
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const settle = (ms: number) => vi.advanceTimersByTimeAsync(ms)

function openDrafts() {
  const drafts = useDrafts()
  drafts.open(USER)
  drafts.welcome([...hub.drafts.values()])
  return drafts
}

/** The same person in a new tab: fresh stores over the same browser and the same server. */
function newTab() {
  setActivePinia(createPinia())
  const drafts = useDrafts()
  drafts.open(USER)
  useFiling().open(USER)
  return drafts
}

describe('drafts', () => {
  it('are saved once, a pause after the last key', async () => {
    const drafts = openDrafts()
    for (const what of ['漏', '漏水', '漏水了']) drafts.set('what', what)
    await settle(399)
    expect(hub.commands('save_draft')).toHaveLength(0)
    await settle(1)
    expect(hub.commands('save_draft')).toHaveLength(1)
    expect(drafts.badge).toBe('saved')
    expect([...hub.drafts.values()][0]?.content.what).toBe('漏水了')
  })

  it('are kept on this machine while the server is away, and saved when it is back', async () => {
    const drafts = openDrafts()
    hub.failure = refusal('DatabaseAway')
    drafts.set('what', '漏水')
    await settle(400)
    expect(drafts.badge).toBe('local')
    expect(localStorage).toHaveLength(1)
    hub.failure = null
    await settle(3_000)
    expect(drafts.badge).toBe('saved')
    expect([...hub.drafts.values()][0]?.content.what).toBe('漏水')
    expect(localStorage).toHaveLength(0)
  })

  it('come back in a new tab, also what was never saved', async () => {
    const first = openDrafts()
    first.offline()
    first.set('what', '没来得及保存')
    const drafts = newTab()
    drafts.welcome([])
    drafts.showLatest()
    expect(drafts.content.what).toBe('没来得及保存')
    await settle(400)
    expect([...hub.drafts.values()][0]?.content.what).toBe('没来得及保存')
  })

  it('of another person stay out of sight', () => {
    const first = openDrafts()
    first.offline()
    first.set('what', '别人的草稿')
    setActivePinia(createPinia())
    const drafts = useDrafts()
    drafts.open('u2')
    drafts.showLatest()
    expect(drafts.content.what).toBe('')
  })

  it('build on the newest revision after another tab has saved', async () => {
    const drafts = openDrafts()
    drafts.set('what', '一')
    await settle(400)
    const theirs = [...hub.drafts.values()][0] as DraftView
    hub.drafts.set(theirs.draft_id, { ...theirs, revision: 5 })
    drafts.set('what', '一二')
    await settle(400)
    expect(line.resync).toHaveBeenCalledTimes(1)
    drafts.welcome([...hub.drafts.values()])
    await settle(400)
    expect(hub.drafts.get(theirs.draft_id)).toMatchObject({ revision: 6, content: { what: '一二' } })
  })
})

describe('a draft that is gone at the server', () => {
  it('goes on as a new one with every word', async () => {
    const drafts = openDrafts()
    drafts.set('what', '一')
    await settle(400)
    const before = drafts.activeId
    hub.failure = refusal('DraftFiled')
    drafts.set('what', '一二')
    await settle(400)
    hub.failure = null
    await settle(400)
    expect(drafts.activeId).not.toBe(before)
    expect(hub.drafts.get(drafts.activeId!)?.content.what).toBe('一二')
    expect(drafts.badge).toBe('saved')
  })
})

describe('filing', () => {
  async function begun() {
    const drafts = openDrafts()
    useFiling().open(USER)
    drafts.set('what', '漏水')
    await settle(400)
    return drafts
  }

  it('leaves a clean form and the number', async () => {
    const drafts = await begun()
    const filing = useFiling()
    await expect(filing.file(drafts.active!)).resolves.toBe('filed')
    expect(filing.last?.case.number).toBe('96010-20261122-000001')
    expect(drafts.active).toBeNull()
    expect(localStorage).toHaveLength(0)
  })

  it('leaves the form as it was when it is refused', async () => {
    const drafts = await begun()
    hub.failure = refusal('StreetUnknown')
    await expect(useFiling().file(drafts.active!)).rejects.toThrow(ApiError)
    expect(drafts.content.what).toBe('漏水')
    expect(useFiling().waiting).toHaveLength(0)
  })

  it('waits for the server, survives a closed tab, and files once under one id', async () => {
    const drafts = await begun()
    hub.failure = localError(OFFLINE, '')
    await expect(useFiling().file(drafts.active!)).resolves.toBe('queued')
    expect(drafts.active).toBeNull()
    expect(useFiling().waiting).toHaveLength(1)

    const after = newTab()
    after.welcome([...hub.drafts.values()])
    expect(after.unfinished).toHaveLength(0)
    hub.failure = null
    await useFiling().drain()
    // else a server that takes longer than an agent can wait would never be heard out
    const patience = vi.mocked(line.send).mock.calls.filter(([order]) => order.command === 'file_case').map(([, how]) => how?.timeoutMs ?? 0)
    expect(patience).toEqual([4_000, 30_000])
    await useFiling().drain()
    expect(useFiling().waiting).toHaveLength(0)
    expect(hub.cases.size).toBe(1)
    const ids = hub.commands('file_case').map((order) => order.command === 'file_case' && order.case.request_id)
    expect(new Set(ids).size).toBe(1)
    expect(localStorage).toHaveLength(0)
  })

  it('files what waits also when its turn came while another form was being filed', async () => {
    const drafts = await begun()
    hub.failure = localError(OFFLINE, '')
    await useFiling().file(drafts.active!)
    hub.failure = null
    drafts.set('what', '停电')
    let answer = () => {}
    vi.mocked(line.send).mockImplementationOnce(((order: Order) =>
      new Promise((resolve) => (answer = () => resolve(hub.send(order))))) as typeof line.send)
    const filing = useFiling().file(drafts.active!)
    await settle(3_000)
    answer()
    await expect(filing).resolves.toBe('filed')
    await settle(3_000)
    expect(useFiling().waiting).toHaveLength(0)
    expect(hub.cases.size).toBe(2)
  })

  it('gives the form back when the server refuses what waited', async () => {
    const drafts = await begun()
    hub.failure = localError(OFFLINE, '')
    await useFiling().file(drafts.active!)
    hub.failure = refusal('StreetUnknown')
    await useFiling().drain()
    expect(useFiling().refusal?.problem.error).toBe('StreetUnknown')
    expect(drafts.unfinished.map(({ content }) => content.what)).toEqual(['漏水'])
  })
})

describe('the call on the desk', () => {
  const card = (call_id: string, stage: CallCard['stage']): CallCard => ({
    call_id,
    stage,
    dialed_number: '96010',
    caller: { number: '138****1234', usable: true, name: null },
    arrived_at: '2026-11-22T02:00:00Z',
    ringing_since: null,
    answered_at: null,
    ended_at: null,
    recording_paused_at: null,
    cases: [],
    calls_30_days: 1,
    draft: null,
  handed_by: null,
  })
  const seat = (state: SeatView['state']) => ({ seat: '8001', state }) as SeatView

  it('shows since when the recording is paused, of its own call only', () => {
    const call = useCall()
    call.show(card('c1', 'answered'))
    call.recordingPaused('c2', '2026-11-22T02:01:00Z')
    expect(call.card?.recording_paused_at).toBeNull()
    call.recordingPaused('c1', '2026-11-22T02:01:00Z')
    expect(call.card?.recording_paused_at).toBe('2026-11-22T02:01:00Z')
    call.recordingPaused('c1', null)
    expect(call.card?.recording_paused_at).toBeNull()
  })

  it('puts the form of the last call aside and takes it up again', async () => {
    const drafts = openDrafts()
    const call = useCall()
    call.show(card('a', 'ringing'))
    drafts.set('what', '第一个')
    await settle(400)
    call.show(card('b', 'ringing'))
    expect(drafts.content.what).toBe('')
    expect(drafts.unfinished.map(({ callId }) => callId)).toEqual(['a'])
    call.show(card('a', 'answered'))
    expect(drafts.content.what).toBe('第一个')
  })

  it('stays through the wrap-up and, while words stand in the form, after it', async () => {
    const drafts = openDrafts()
    const call = useCall()
    call.show(card('a', 'answered'))
    drafts.set('what', '还在写')
    call.ended('a', '2026-11-22T02:05:00Z')
    useSeat().mine = seat('wrap_up')
    call.seatMoved(seat('wrap_up'))
    expect(call.card?.stage).toBe('ended')
    useSeat().mine = seat('ready')
    call.seatMoved(seat('ready'))
    expect(call.card?.call_id).toBe('a')
    drafts.forget(drafts.activeId!)
    call.dismissIfDone()
    expect(call.card).toBeNull()
  })

  it('goes when the citizen hangs up before the answer', () => {
    openDrafts()
    const call = useCall()
    call.show(card('a', 'ringing'))
    call.ended('a', '2026-11-22T02:00:20Z')
    expect(call.card).toBeNull()
    expect(call.missed?.call_id).toBe('a')
  })
})
