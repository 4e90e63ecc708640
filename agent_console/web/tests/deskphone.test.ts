import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { DeskPhone } from '@/softphone/deskphone'
import type { PhoneProblem } from '@/softphone/problems'
import type { OrderView, PhoneCall, PhoneVerb } from '@/transport/messages.gen'

const CALL: PhoneCall = { call_id: 'c1', state: 'talking', peer: '138****1234', muted: false, consult: null }
const order = (id: string, state: OrderView['state'], problem: OrderView['problem'] = null): OrderView => ({
  order_id: id,
  kind: 'hold_phone',
  state,
  call_id: 'c1',
  seat: '8001',
  ordered_at: '2026-11-22T08:00:00Z',
  ended_at: null,
  problem,
})

describe('a phone on the desk', () => {
  let sent: { id: string; verb: PhoneVerb; call: string | null; to: string }[]
  let seen: { state: string; consult: string; muted: boolean; problem: PhoneProblem | null }
  let phone: DeskPhone

  beforeEach(() => {
    vi.useFakeTimers()
    sent = []
    seen = { state: '', consult: '', muted: false, problem: null }
    phone = new DeskPhone(
      {
        state: (state) => (seen.state = state),
        consult: (state) => (seen.consult = state),
        muted: (muted) => (seen.muted = muted),
        problem: (problem) => (seen.problem = problem),
        remote: () => {},
      },
      (id, verb, call, to) => (sent.push({ id, verb, call, to }), Promise.resolve(order(id, 'ordered'))),
    )
  })
  afterEach(() => vi.useRealTimers())

  const done = () => phone.ordered(order(sent.at(-1)!.id, 'done'))
  const verbs = () => sent.map(({ verb }) => verb)

  it('shows what the server says, and nothing of what was only ordered', () => {
    phone.show(false, null)
    expect(seen.state).toBe('off')
    phone.reachable(true)
    expect(seen.state).toBe('registered')
    phone.show(true, CALL)
    phone.toggleHold()
    done()
    expect(seen.state).toBe('talking')
    phone.show(true, { ...CALL, state: 'held' })
    expect(seen.state).toBe('held')
  })

  it('orders a verb once, however often its key is pressed', () => {
    phone.show(true, { ...CALL, state: 'ringing' })
    phone.answer()
    phone.answer()
    expect(verbs()).toEqual(['answer'])
    done()
    phone.show(true, CALL)
    phone.toggleMute()
    phone.show(true, { ...CALL, muted: true })
    done()
    phone.toggleMute()
    expect(verbs()).toEqual(['answer', 'mute', 'unmute'])
  })

  it('says which key of the phone helps when it does not obey', () => {
    phone.show(true, { ...CALL, state: 'ringing' })
    phone.answer()
    done()
    vi.advanceTimersByTime(3_000)
    expect(seen.problem?.kind).toBe('lift_handset')
    phone.show(true, CALL)
    phone.toggleHold()
    expect(seen.problem).toBeNull()
    done()
    vi.advanceTimersByTime(3_000)
    expect(seen.problem?.kind).toBe('use_phone_keys')
  })

  it('hangs up what is heard: the consultation first, then the call', () => {
    phone.show(true, { ...CALL, state: 'held', consult: { to: '8002', state: 'talking', since: '2026-11-22T08:00:00Z' } })
    phone.hangUp()
    done()
    phone.show(true, { ...CALL, consult: { to: '8002', state: 'held', since: '2026-11-22T08:00:00Z' } })
    phone.hangUp()
    expect(verbs()).toEqual(['end_consult', 'hang_up'])
    phone.show(true, null)
    phone.hangUp()
    const refused = { error: 'AmiActionFailed', message: 'no such channel', kept: '', next_step: '', field: null, facts: {} }
    phone.ordered(order(sent.at(-1)!.id, 'failed', refused))
    expect(verbs()).toEqual(['end_consult', 'hang_up', 'hang_up'])
    expect(seen.problem).toBeNull()
  })

  it('says that nobody was reached, unless the agent gave up', () => {
    const asking: PhoneCall = { ...CALL, state: 'held', consult: { to: '8002', state: 'dialing', since: '2026-11-22T08:00:00Z' } }
    phone.show(true, asking)
    phone.show(true, CALL)
    expect(seen.problem).toEqual({ kind: 'not_reached', detail: '8002' })
    phone.show(true, asking)
    phone.hangUp('consult')
    phone.show(true, CALL)
    expect(seen.problem).toBeNull()
  })

  it('lets the three hear each other in turns', () => {
    const with8002 = (state: PhoneCall['state'], consult: 'talking' | 'held'): PhoneCall => ({
      ...CALL,
      state,
      consult: { to: '8002', state: consult, since: '2026-11-22T08:00:00Z' },
    })
    for (const [call, act] of [
      [with8002('held', 'talking'), 'swap'],
      [with8002('talking', 'held'), 'swap'],
      [with8002('held', 'talking'), 'toggleConference'],
      [with8002('talking', 'talking'), 'toggleConference'],
    ] as const) {
      phone.show(true, call)
      phone[act]()
      done()
    }
    expect(verbs()).toEqual(['hear_citizen', 'hear_colleague', 'hear_both', 'hear_citizen'])
  })

  it('rejects a transfer with what the server says', async () => {
    phone.show(true, CALL)
    const handed = phone.transfer('9999')
    const problem = { error: 'AmiActionFailed', message: 'no', kept: '', next_step: '', field: null, facts: {} }
    phone.ordered(order(sent[0]!.id, 'failed', problem))
    await expect(handed).rejects.toMatchObject({ problem: { error: 'AmiActionFailed' } })
  })
})
