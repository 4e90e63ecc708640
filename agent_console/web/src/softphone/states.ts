/** The life of the browser's phone, as one table. What is not in it does not happen. */
export type PhoneState =
  | 'off'
  | 'elsewhere'
  | 'connecting'
  | 'registered'
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
  | 'accepted'
  | 'hold'
  | 'resume'
  | 'call_over'
  | 'stop'

/**
 * A call outlives the line to the PBX: media flows on while the signalling comes back, so `disconnected` and
 * `registered` leave a call as it is.
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
    registered: 'registered',
    disconnected: 'connecting',
    registration_failed: 'failed',
    owned_elsewhere: 'elsewhere',
    stop: 'off',
  },
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

/** What the agent can do in a state: exactly what the buttons and F-keys offer. */
export const ALLOWED: Readonly<Record<PhoneState, ReadonlySet<'answer' | 'hang_up' | 'hold' | 'mute' | 'dtmf'>>> = {
  off: new Set(),
  elsewhere: new Set(),
  connecting: new Set(),
  registered: new Set(),
  ringing: new Set(['answer', 'hang_up']),
  answering: new Set(['hang_up']),
  talking: new Set(['hang_up', 'hold', 'mute', 'dtmf']),
  held: new Set(['hang_up', 'hold']),
  failed: new Set(),
}
