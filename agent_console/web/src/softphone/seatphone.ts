import type { PhoneProblem } from './problems'
import type { ConsultState, PhoneState } from './states'

export type Role = 'call' | 'consult'

/** Who is told how a phone stands. */
export interface PhoneListener {
  state(state: PhoneState, peer: string): void
  consult(state: ConsultState, peer: string): void
  muted(muted: boolean): void
  problem(problem: PhoneProblem | null): void
  /** The voice of a leg, to be played; null when the leg is over. */
  remote(role: Role, stream: MediaStream | null): void
}

/** The phone of a seat as buttons and keys use it: in the browser, or on the desk and controlled through the PBX. */
export interface SeatPhone {
  readonly busy: boolean
  /** Lets go of the phone; a call that is in the browser ends. */
  stop(): void
  /** The page goes. */
  leave(): void
  answer(): void
  /** Ends what is heard: first the consultation, then the call. A call that rings is refused. */
  hangUp(role?: Role): void
  toggleHold(): void
  toggleMute(): void
  sendTone(tone: string): void
  /** Calls a seat, a queue or an outside number while there is no call. */
  dial(target: string): void
  /** Holds the citizen and calls somebody who may help. */
  consult(target: string): void
  /** Lets citizen and colleague take turns on hold. */
  swap(): void
  /** Citizen, colleague and agent hear each other; again: back to the citizen, the colleague waits. */
  toggleConference(): void
  /** Hands the citizen over unannounced. Rejects when it is refused; the call then stays here. */
  transfer(target: string): Promise<void>
  /** Hands the citizen over to who is consulted. */
  transferToConsulted(): Promise<void>
}
