import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { useAttempt } from '@/entities/attempt/store'
import { useSession } from '@/entities/session/store'
import { api } from '@/transport/api'
import { line } from '@/transport/line'
import type { AttemptStage, AttemptView, Me } from '@/transport/messages.gen'
import { OFFLINE, localError } from '@/transport/problem'
import type { Order } from '@/transport/socket'

const CASE = 'c1'
const seen = (stage: AttemptStage, more: Partial<AttemptView> = {}) =>
  ({ attempt_id: 'a1', case_id: CASE, stage, result: null, owes_result: stage === 'ended', problem: null, ...more }) as AttemptView

let sent: Extract<Order, { command: 'dial' | 'file_result' }>[]
let answer: () => Promise<AttemptView>
let standing: AttemptView | null

beforeEach(() => {
  vi.useFakeTimers()
  setActivePinia(createPinia())
  useSession().me = { permissions: ['calls.dial'] } as unknown as Me
  sent = []
  standing = null
  answer = () => Promise.resolve(seen('ordered'))
  vi.spyOn(line, 'send').mockImplementation(((order: Order) => (sent.push(order as never), answer())) as typeof line.send)
  vi.spyOn(api, 'currentAttempt').mockImplementation(() => Promise.resolve({ attempt: standing }))
})

describe('a call to a citizen', () => {
  it('is asked for once, however often the button is pressed', async () => {
    const attempt = useAttempt()
    await Promise.all([attempt.dial(CASE, 'v1'), attempt.dial(CASE, 'v1'), attempt.dial(CASE, 'v1')])
    expect(sent).toHaveLength(1)
    expect(attempt.running).toBe(true)
  })

  it('is the same call when the line broke before the answer', async () => {
    const attempt = useAttempt()
    answer = () => Promise.reject(localError(OFFLINE, ''))
    await attempt.dial(CASE, 'v1')
    await attempt.dial(CASE, 'v1')
    expect(new Set(sent.map((order) => order.command === 'dial' && order.request_id)).size).toBe(1)
    answer = () => Promise.resolve(seen('ordered'))
    await attempt.dial(CASE, 'v1')
    await attempt.dial(CASE, 'v1')
    expect(new Set(sent.map((order) => order.command === 'dial' && order.request_id)).size).toBe(2)
  })

  it('is followed by what the server says until its result is filed', async () => {
    const attempt = useAttempt()
    await attempt.dial(CASE, null)
    standing = seen('talking')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(attempt.current?.stage).toBe('talking')
    standing = seen('ended', { proposed: 'reached' })
    attempt.moved()
    await vi.advanceTimersByTimeAsync(0)
    expect(attempt.running).toBe(false)
    answer = () => Promise.resolve(seen('ended', { result: 'busy', owes_result: false }))
    await attempt.file('busy')
    expect(sent.at(-1)).toMatchObject({ command: 'file_result', attempt_id: 'a1', result: 'busy' })
    expect(attempt.current).toBeNull()
  })

  it('that could not be placed is put aside and does not come back', async () => {
    const attempt = useAttempt()
    standing = seen('not_placed')
    await attempt.refresh()
    expect(attempt.current?.stage).toBe('not_placed')
    attempt.dismiss()
    await attempt.refresh()
    expect(attempt.current).toBeNull()
  })
})
