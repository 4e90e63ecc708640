import { UA, WebSocketInterface, debug } from 'jssip'
import type { RTCSession } from 'jssip/lib/RTCSession'
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from 'jssip/lib/UA'
import type { Softphone } from '@/transport/messages.gen'
import { microphoneProblem, type PhoneProblem } from './problems'
import { next, type PhoneEvent, type PhoneState } from './states'

export interface PhoneListener {
  state(state: PhoneState): void
  muted(muted: boolean): void
  problem(problem: PhoneProblem | null): void
  /** The caller's voice, to be played; null when the call is over. */
  remote(stream: MediaStream | null): void
}

const VOICE: MediaStreamConstraints = {
  audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  video: false,
}
/** Signalling and media stay inside the hall's network: no STUN, no TURN. */
const PEER: RTCConfiguration = { iceServers: [] }

debug.disable()

/** The seat's phone in the browser: one registration, one call at a time. */
export class Phone {
  private state: PhoneState = 'off'
  private ua: UA | null = null
  private session: RTCSession | null = null

  constructor(private readonly listener: PhoneListener) {}

  start(account: Softphone): void {
    this.stop()
    this.move('start')
    const ua = new UA({
      sockets: new WebSocketInterface(account.websocket_url),
      uri: account.sip_uri,
      authorization_user: account.seat,
      password: account.password,
      register: true,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 4,
      user_agent: 'hotline-console',
    })
    ua.on('registered', () => this.registered())
    ua.on('registrationFailed', ({ cause }) => this.refused(cause ?? ''))
    ua.on('disconnected', () => this.move('disconnected'))
    ua.on('newRTCSession', (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => this.invited(event))
    this.ua = ua
    ua.start()
  }

  stop(): void {
    this.session = null
    this.listener.remote(null)
    this.ua?.stop()
    this.ua = null
    this.move('stop')
  }

  ownedElsewhere(): void {
    this.move('owned_elsewhere')
  }

  answer(): void {
    if (this.state !== 'ringing') return
    this.move('answer')
    this.session?.answer({ mediaConstraints: VOICE, pcConfig: PEER })
  }

  /** Ends the call, or refuses it while it rings. */
  hangUp(): void {
    if (this.session && !this.session.isEnded()) this.session.terminate()
  }

  toggleHold(): void {
    if (this.state === 'talking') this.session?.hold()
    else if (this.state === 'held') this.session?.unhold()
  }

  toggleMute(): void {
    const session = this.session
    if (!session || this.state !== 'talking') return
    if (session.isMuted().audio) session.unmute({ audio: true })
    else session.mute({ audio: true })
    this.listener.muted(session.isMuted().audio ?? false)
  }

  sendTone(tone: string): void {
    this.session?.sendDTMF(tone, { transportType: 'RFC2833' as never })
  }

  private move(event: PhoneEvent): void {
    const state = next(this.state, event)
    if (state === this.state) return
    this.state = state
    this.listener.state(state)
  }

  private registered(): void {
    this.move('registered')
    this.listener.problem(null)
  }

  private refused(cause: string): void {
    this.move('registration_failed')
    this.listener.problem({ kind: 'registration', detail: cause })
  }

  private invited({ originator, session }: IncomingRTCSessionEvent | OutgoingRTCSessionEvent): void {
    if (originator !== 'remote') return
    if (this.session) {
      session.terminate({ status_code: 486 })
      return
    }
    this.session = session
    session.on('peerconnection', ({ peerconnection }) => this.play(peerconnection))
    session.on('accepted', () => this.move('accepted'))
    session.on('hold', ({ originator: by }) => by === 'local' && this.move('hold'))
    session.on('unhold', ({ originator: by }) => by === 'local' && this.move('resume'))
    session.on('getusermediafailed', (error: unknown) => this.listener.problem(microphoneProblem(error)))
    session.on('ended', () => this.over(session))
    session.on('failed', () => this.over(session))
    this.listener.muted(false)
    this.move('invited')
  }

  private play(connection: RTCPeerConnection): void {
    connection.addEventListener('track', ({ streams, track }) => {
      this.listener.remote(streams[0] ?? new MediaStream([track]))
    })
  }

  private over(session: RTCSession): void {
    if (session !== this.session) return
    this.session = null
    this.listener.remote(null)
    this.listener.muted(false)
    this.move('call_over')
    // The line to the PBX may have gone during the call, which the state of a call does not show.
    if (this.ua && !this.ua.isRegistered()) this.move('disconnected')
  }
}
