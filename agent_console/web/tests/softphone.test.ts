import { describe, expect, it } from 'vitest'
import { microphoneProblem } from '@/softphone/problems'
import { ALLOWED, TRANSITIONS, next, type PhoneEvent, type PhoneState } from '@/softphone/states'

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

  it('offers exactly what makes sense', () => {
    expect([...ALLOWED.ringing].sort()).toEqual(['answer', 'hang_up'])
    expect(ALLOWED.talking.has('answer')).toBe(false)
    expect(ALLOWED.held.has('mute')).toBe(false)
    for (const state of STATES) {
      const inCall = TRANSITIONS[state].call_over !== undefined
      expect(ALLOWED[state].has('hang_up')).toBe(inCall)
    }
  })
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
