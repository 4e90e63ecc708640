import { describe, expect, it } from 'vitest'
import { microphoneProblem } from '@/softphone/problems'
import { loudness } from '@/softphone/meter'
import { keptLeg, replaces } from '@/softphone/kept'
import { matching } from '@/softphone/targets'
import {
  CONSULT_TRANSITIONS,
  TRANSITIONS,
  allowed,
  inConference,
  next,
  nextConsult,
  type ConsultState,
  type PhoneEvent,
  type PhoneState,
} from '@/softphone/states'
import type { PhoneTargets, SeatView } from '@/transport/messages.gen'

const STATES = Object.keys(TRANSITIONS) as PhoneState[]
const after = (...events: PhoneEvent[]) => events.reduce<PhoneState>(next, 'off')

describe('the life of the phone', () => {
  it('goes from off through a call and back to registered', () => {
    expect(after('start', 'registered')).toBe('registered')
    expect(after('start', 'registered', 'invited')).toBe('ringing')
    expect(after('start', 'registered', 'invited', 'answer', 'accepted')).toBe('talking')
    expect(after('start', 'registered', 'invited', 'answer', 'accepted', 'hold', 'resume', 'hold')).toBe('held')
    expect(after('start', 'registered', 'invited', 'answer', 'accepted', 'call_over')).toBe('registered')
    expect(after('start', 'registered', 'invited', 'call_over')).toBe('registered')
  })

  it('keeps a call while the line to the PBX is away', () => {
    const talking = after('start', 'registered', 'invited', 'answer', 'accepted')
    expect(next(talking, 'disconnected')).toBe('talking')
    expect(next(talking, 'registered')).toBe('talking')
    expect(next(talking, 'registration_failed')).toBe('talking')
  })

  it('can be stopped in every state but off, and only leads to states that it knows', () => {
    for (const state of STATES) {
      if (state !== 'off') expect(next(state, 'stop')).toBe('off')
      for (const target of Object.values(TRANSITIONS[state])) expect(STATES).toContain(target)
    }
  })

  it('is stopped while another tab has it, and can take over', () => {
    expect(after('owned_elsewhere')).toBe('elsewhere')
    expect(after('owned_elsewhere', 'invited')).toBe('elsewhere')
    expect(after('owned_elsewhere', 'start')).toBe('connecting')
  })

  it('registers again by itself after a refusal', () => {
    expect(after('start', 'registration_failed')).toBe('failed')
    expect(after('start', 'registration_failed', 'registered')).toBe('registered')
  })

  it('dials out, and takes back the call of a page that went', () => {
    expect(after('start', 'registered', 'dial', 'accepted')).toBe('talking')
    expect(after('start', 'registered', 'dial', 'call_over')).toBe('registered')
    expect(after('start', 'registered', 'take_back', 'accepted')).toBe('talking')
    expect(after('start', 'registered', 'take_back', 'call_over')).toBe('registered')
  })

  it('offers exactly what makes sense', () => {
    expect([...allowed('ringing', 'none')].sort()).toEqual(['answer', 'hang_up'])
    expect([...allowed('registered', 'none')]).toEqual(['dial'])
    expect(allowed('talking', 'none').has('answer')).toBe(false)
    expect(allowed('held', 'none').has('mute')).toBe(false)
    for (const state of STATES) {
      const inCall = TRANSITIONS[state].call_over !== undefined
      expect(allowed(state, 'none').has('hang_up')).toBe(inCall)
    }
  })
})

describe('the leg over which somebody is consulted', () => {
  const LEGS = Object.keys(CONSULT_TRANSITIONS) as ConsultState[]

  it('comes, takes turns with the citizen and goes', () => {
    const events = ['dial', 'accepted', 'hold', 'resume', 'over'] as const
    const states = events.map((_, index) => events.slice(0, index + 1).reduce<ConsultState>(nextConsult, 'none'))
    expect(states).toEqual(['dialing', 'talking', 'held', 'talking', 'none'])
  })

  it('is handed the citizen only once somebody answered, and never together with a blind transfer', () => {
    for (const call of STATES)
      for (const leg of LEGS) {
        const may = allowed(call, leg)
        const up = call === 'talking' || call === 'held'
        expect(may.has('transfer_attended')).toBe(up && (leg === 'talking' || leg === 'held'))
        expect(may.has('transfer_attended') && may.has('transfer_blind')).toBe(false)
        expect(may.has('consult')).toBe(up && leg === 'none')
        expect(may.has('swap') && inConference(call, leg)).toBe(false)
      }
  })
})

describe('the leg that a page leaves behind', () => {
  it('is named as the PBX knows it, and forgotten only by its own page', () => {
    localStorage.clear()
    const dialog = { callId: 'a', localTag: 'ours', remoteTag: 'theirs' }
    expect(replaces(dialog)).toBe('Replaces: a;to-tag=theirs;from-tag=ours')
    keptLeg.put('8001', dialog, '139')
    keptLeg.remove('8001', 'another')
    expect(keptLeg.get('8001')).toMatchObject(dialog)
    expect(keptLeg.get('8002')).toBeNull()
    keptLeg.remove('8001', 'a')
    expect(keptLeg.get('8001')).toBeNull()
  })
})

describe('whom one can call', () => {
  const seat = (number: string, state: SeatView['state'], agent_name: string, phone_registered = true) =>
    ({ seat: number, state, agent_name, phone_registered }) as SeatView
  const known: PhoneTargets = {
    seats: [seat('8002', 'talking', '李明'), seat('8003', 'paused', '刘芳'), seat('8004', 'ready', '王晓燕')],
    queues: [{ name: 'q96010', title: '96010' }],
  }
  const dials = (typed: string, last = '') => matching(known, typed, last).map((each) => each.dial)

  it('shows free seats first, then queues, and what was dialled last on top', () => {
    expect(dials('')).toEqual(['8004', '8003', '8002', 'q96010'])
    expect(dials('', '13800000000')[0]).toBe('13800000000')
    expect(matching(known, '8002', '')[0]?.usable).toBe(false)
  })

  it('finds by name, by number, and takes any other number as it is typed', () => {
    expect(dials('刘')).toEqual(['8003'])
    expect(dials('960')).toEqual(['q96010', '960'])
    expect(dials('138 0000-0000')).toEqual(['13800000000'])
    expect(dials('rm -rf')).toEqual([])
  })
})

it('measures how loud a microphone hears', () => {
  expect(loudness(new Float32Array(8))).toBe(0)
  expect(loudness(new Float32Array(8).fill(1))).toBe(1)
  expect(loudness(new Float32Array(8).fill(0.03))).toBeGreaterThan(loudness(new Float32Array(8).fill(0.003)))
})

it.each([
  ['NotAllowedError', 'microphone_denied'],
  ['NotFoundError', 'microphone_missing'],
  ['NotReadableError', 'microphone_busy'],
  ['SomethingNew', 'microphone_busy'],
])('says of %s that it is %s', (name, kind) => {
  const error = Object.assign(new Error('x'), { name })
  expect(microphoneProblem(error).kind).toBe(kind)
})
