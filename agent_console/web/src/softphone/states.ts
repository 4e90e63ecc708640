/** The life of the browser's phone, as two tables: the call of the citizen, and the leg over which a colleague is consulted. */
export type PhoneState =
  | 'off'
  | 'elsewhere'
  | 'connecting'
  | 'registered'
  | 'dialing'
  | 'ringing'
  | 'answering'
  | 'talking'
  | 'held'
  | 'failed'

export type PhoneEvent =
  | 'start'
  | 'owned_elsewhere'
  | 'registered'
  | 'registration_failed'
  | 'disconnected'
  | 'invited'
  | 'answer'
  | 'dial'
  | 'take_back'
  | 'accepted'
  | 'hold'
  | 'resume'
  | 'call_over'
  | 'stop'

/**
 * A call outlives the line to the PBX: media flows on while the signalling comes back, so `disconnected` and
 * `registered` leave a call as it is. It also outlives its page: the next one takes it back.
 */
export const TRANSITIONS: Readonly<Record<PhoneState, Partial<Record<PhoneEvent, PhoneState>>>> = {
  off: { start: 'connecting', owned_elsewhere: 'elsewhere' },
  elsewhere: { start: 'connecting', stop: 'off' },
  connecting: {
    registered: 'registered',
    registration_failed: 'failed',
    disconnected: 'connecting',
    owned_elsewhere: 'elsewhere',
    stop: 'off',
  },
  registered: {
    invited: 'ringing',
    dial: 'dialing',
    take_back: 'answering',
    registered: 'registered',
    disconnected: 'connecting',
    registration_failed: 'failed',
    owned_elsewhere: 'elsewhere',
    stop: 'off',
  },
  dialing: { accepted: 'talking', call_over: 'registered', stop: 'off' },
  ringing: { answer: 'answering', call_over: 'registered', stop: 'off' },
  answering: { accepted: 'talking', call_over: 'registered', stop: 'off' },
  talking: { hold: 'held', call_over: 'registered', stop: 'off' },
  held: { resume: 'talking', call_over: 'registered', stop: 'off' },
  failed: { start: 'connecting', registered: 'registered', disconnected: 'failed', stop: 'off' },
}

/** The state after `event`; the same one where the table has no such move. */
export function next(state: PhoneState, event: PhoneEvent): PhoneState {
  return TRANSITIONS[state][event] ?? state
}

export type ConsultState = 'none' | 'dialing' | 'talking' | 'held'
export type ConsultEvent = 'dial' | 'accepted' | 'hold' | 'resume' | 'over'

export const CONSULT_TRANSITIONS: Readonly<Record<ConsultState, Partial<Record<ConsultEvent, ConsultState>>>> = {
  none: { dial: 'dialing' },
  dialing: { accepted: 'talking', over: 'none' },
  talking: { hold: 'held', over: 'none' },
  held: { resume: 'talking', over: 'none' },
}

export function nextConsult(state: ConsultState, event: ConsultEvent): ConsultState {
  return CONSULT_TRANSITIONS[state][event] ?? state
}

export type Verb =
  | 'answer'
  | 'hang_up'
  | 'hold'
  | 'mute'
  | 'dtmf'
  | 'dial'
  | 'consult'
  | 'transfer_blind'
  | 'transfer_attended'
  | 'swap'
  | 'conference'

/** Citizen and colleague hear each other: both legs are up and none is on hold. */
export function inConference(call: PhoneState, consult: ConsultState): boolean {
  return call === 'talking' && consult === 'talking'
}

/** What the agent can do: exactly what the buttons and F-keys offer. */
export function allowed(call: PhoneState, consult: ConsultState): ReadonlySet<Verb> {
  const up = call === 'talking' || call === 'held'
  const answered = up && (consult === 'talking' || consult === 'held')
  const together = inConference(call, consult)
  const rules: [Verb, boolean][] = [
    ['answer', call === 'ringing'],
    ['hang_up', ['ringing', 'answering', 'dialing', 'talking', 'held'].includes(call) || consult !== 'none'],
    ['hold', up && consult === 'none'],
    ['mute', call === 'talking' || consult === 'talking'],
    ['dtmf', call === 'talking' || consult === 'talking'],
    ['dial', call === 'registered' && consult === 'none'],
    ['consult', up && consult === 'none'],
    ['transfer_blind', up && consult === 'none'],
    ['transfer_attended', answered],
    ['swap', answered && !together],
    ['conference', answered],
  ]
  return new Set(rules.filter(([, may]) => may).map(([verb]) => verb))
}
