import { UA, WebSocketInterface, debug } from 'jssip'
import type { IncomingRTCSessionEvent, OutgoingRTCSessionEvent } from 'jssip/lib/UA'
import type { Softphone } from '@/transport/messages.gen'
import { Conference } from './conference'
import { keptDevices, voiceOf } from './devices'
import { keptLeg, replaces } from './kept'
import { Leg } from './leg'
import { Line } from './line'
import { microphoneProblem } from './problems'
import type { PhoneListener, Role, SeatPhone } from './seatphone'
import { inConference, next, nextConsult, type ConsultEvent, type ConsultState, type PhoneEvent, type PhoneState } from './states'

/** Signalling and media stay inside the hall's network: no STUN, no TURN. */
const PEER: RTCConfiguration = { iceServers: [] }
/** Tells the dialplan that the citizen's own recording goes on, so that a consultation gets none. */
const CONSULTING = 'X-Hotline-Consult: 1'
/** Marks a call that was ordered from the console; set by the platform (telephony/order.py), never from outside. */
const ORDERED = 'X-Hotline-Order'

debug.disable()

/** The seat's phone in the browser: one registration, one call, and beside it one leg to consult somebody. */
export class Phone implements SeatPhone {
  private state: PhoneState = 'off'
  private consultState: ConsultState = 'none'
  private ua: UA | null = null
  private line: Line | null = null
  private call: Leg | null = null
  private second: Leg | null = null
  private conference: Conference | null = null
  private turn: Promise<void> = Promise.resolve()
  private muted = false
  private seat = ''
  private domain = ''

  constructor(private readonly listener: PhoneListener) {}

  start(account: Softphone): void {
    this.stop()
    this.move('start')
    this.seat = account.seat
    this.domain = account.sip_uri.split('@')[1] ?? ''
    const socket = new WebSocketInterface(account.websocket_url)
    const ua = new UA({
      sockets: socket,
      uri: account.sip_uri,
      authorization_user: account.seat,
      password: account.password,
      register: true,
      register_expires: 120,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 2,
      user_agent: 'hotline-console',
    })
    ua.on('registered', () => this.registered())
    ua.on('registrationFailed', ({ cause }) => this.refused(cause ?? ''))
    ua.on('disconnected', () => this.move('disconnected'))
    ua.on('newRTCSession', (event: IncomingRTCSessionEvent | OutgoingRTCSessionEvent) => this.invited(event))
    this.ua = ua
    this.line = new Line(ua, socket, account.sip_uri, () => this.call?.dialog && keptLeg.touch(this.seat, this.call.dialog.callId))
    ua.start()
    this.line.start()
  }

  get busy(): boolean {
    return this.call !== null || this.second !== null
  }

  /** Signs the phone off and ends its calls. */
  stop(): void {
    const { ua } = this
    this.line?.stop()
    this.ua = this.line = null
    for (const role of ['call', 'consult'] as const) this.forget(role)
    ua?.stop()
    this.move('stop')
  }

  /** Another page has the phone now. A call goes on here until that page has taken it, which the PBX tells by a BYE. */
  ownedElsewhere(): void {
    const { ua, call } = this
    if (!ua || !call) {
      this.stop()
      return this.move('owned_elsewhere')
    }
    this.line?.stop()
    ua.removeAllListeners()
    const done = () => (this.listener.remote('call', null), ua.stop())
    call.session.removeAllListeners('ended').removeAllListeners('failed').on('ended', done).on('failed', done)
    this.second?.hangUp()
    this.ua = this.line = this.call = this.second = null
    this.move('stop')
    this.move('owned_elsewhere')
  }

  /** The page goes: its call is taken back by the next one, but nobody would take back who is consulted. */
  leave(): void {
    this.second?.hangUp()
  }

  answer(): void {
    if (this.state !== 'ringing' || !this.call) return
    this.move('answer')
    this.call.session.answer({ mediaConstraints: voiceOf(keptDevices()), pcConfig: PEER })
  }

  dial(target: string): void {
    if (this.state !== 'registered' || this.second) return
    this.call = this.place('call', target, target)
    this.move('dial')
  }

  consult(target: string): void {
    if (!this.call || this.second || !(this.state === 'talking' || this.state === 'held')) return
    if (this.state === 'talking') void this.call.hold()
    this.second = this.place('consult', target, target, [CONSULTING])
    this.moveConsult('dial')
  }

  hangUp(role?: Role): void {
    const consulting = this.consultState === 'dialing' || this.consultState === 'talking'
    if (role === 'call' || (role === undefined && !consulting && this.call)) return this.endCall()
    const back = this.state === 'held' ? this.call : null
    this.second?.hangUp()
    this.inTurn(() => back?.resume())
  }

  /** A call that is being taken back ends once it is back: given up before, it would go on without anybody at its leg. */
  private endCall(): void {
    const { call } = this
    const takingBack = this.state === 'answering' && call?.outgoing
    if (takingBack) call.session.on('confirmed', () => call.hangUp())
    else call?.hangUp()
  }

  toggleHold(): void {
    this.inTurn(() => (this.second ? undefined : this.state === 'held' ? this.call?.resume() : this.call?.hold()))
  }

  swap(): void {
    this.inTurn(async () => {
      if (!this.call || !this.second || this.conference) return
      const [heard, waiting] = this.state === 'talking' ? [this.call, this.second] : [this.second, this.call]
      await heard.hold()
      await waiting.resume()
    })
  }

  toggleConference(): void {
    this.inTurn(async () => {
      if (this.conference) return this.second?.hold()
      if (this.state === 'held') await this.call?.resume()
      if (this.consultState === 'held') await this.second?.resume()
    })
  }

  /** Rejects with TransferRefused. */
  async transfer(target: string): Promise<void> {
    await this.call?.transfer(this.uri(target))
  }

  async transferToConsulted(): Promise<void> {
    if (this.call && this.second) await this.call.transfer(this.uri(this.second.peer), this.second)
  }

  toggleMute(): void {
    this.muted = !this.muted
    if (this.conference) this.conference.mute(this.muted)
    else for (const leg of [this.call, this.second]) leg?.mute(this.muted)
    this.listener.muted(this.muted)
  }

  sendTone(tone: string): void {
    const leg = this.consultState === 'talking' && this.state !== 'talking' ? this.second : this.call
    leg?.tone(tone)
  }

  /** Lets a running call use the microphone that was chosen meanwhile. */
  async changeMicrophone(): Promise<void> {
    const legs = [this.call, this.second].filter((leg) => leg !== null)
    if (!legs.length || this.conference) return
    const stream = await navigator.mediaDevices.getUserMedia(voiceOf(keptDevices()))
    const track = stream.getAudioTracks()[0] ?? null
    for (const leg of legs) await leg.sender?.replaceTrack(track)
    if (this.muted) for (const leg of legs) leg.mute(true)
  }

  /** One change of the legs after the other; none while the PBX cannot be told of it. */
  private inTurn(change: () => Promise<void> | undefined): void {
    this.turn = this.turn.then(() => (this.ua?.isConnected() ? change() : undefined)).catch(() => {})
  }

  private uri = (target: string): string => `sip:${target}@${this.domain}`

  private move(event: PhoneEvent): void {
    const state = next(this.state, event)
    if (state === this.state) return
    this.state = state
    this.listener.state(state, this.call?.peer ?? '')
    this.mix()
  }

  private moveConsult(event: ConsultEvent): void {
    this.consultState = nextConsult(this.consultState, event)
    this.listener.consult(this.consultState, this.second?.peer ?? '')
    this.mix()
  }

  /** The mix of three stands exactly while both legs are up and neither is on hold. */
  private mix(): void {
    const wanted = inConference(this.state, this.consultState)
    if (wanted && !this.conference && this.call && this.second) {
      for (const leg of [this.call, this.second]) leg.mute(false)
      this.conference = new Conference(this.call, this.second)
      this.conference.mute(this.muted)
    } else if (!wanted && this.conference) {
      this.conference.mute(false)
      this.conference.end()
      this.conference = null
      for (const leg of [this.call, this.second]) leg?.mute(this.muted)
    }
  }

  private registered(): void {
    this.listener.problem(null)
    for (const leg of [this.call, this.second]) if (leg?.session.isEstablished()) void leg.refresh()
    this.move('registered')
    if (this.state === 'registered') this.takeBack()
  }

  /** Puts a new leg in the place of the one that a page before this one left. */
  private takeBack(): void {
    const kept = keptLeg.get(this.seat)
    if (!kept) return
    this.call = this.place('call', this.seat, kept.peer, [replaces(kept)])
    const { call } = this
    // a citizen who was on hold stays there until the agent is ready to talk
    if (kept.held) call.session.on('confirmed', () => this.inTurn(() => call.hold()))
    call.session.on('failed', ({ originator }) => (originator as string) === 'remote' && keptLeg.remove(this.seat, kept.callId))
    this.move('take_back')
  }

  private refused(cause: string): void {
    this.move('registration_failed')
    this.listener.problem({ kind: 'registration', detail: cause })
  }

  private invited({ originator, session, request }: IncomingRTCSessionEvent | OutgoingRTCSessionEvent): void {
    if (originator !== 'remote') return
    if (this.call || this.second) {
      session.terminate({ status_code: 486 })
      return
    }
    this.call = new Leg(session, session.remote_identity.uri.user ?? '')
    session.on('peerconnection', ({ peerconnection }) => this.play('call', peerconnection))
    this.follow('call', this.call)
    this.mutedAgain()
    this.move('invited')
    // The agent asked for this call at the console, so nobody needs to answer it.
    if ((request as { getHeader(name: string): string | undefined }).getHeader(ORDERED)) this.answer()
  }

  private place(role: Role, target: string, peer: string, extraHeaders: string[] = []): Leg {
    if (role === 'call') this.mutedAgain()
    const session = this.ua!.call(this.uri(target), {
      mediaConstraints: voiceOf(keptDevices()),
      pcConfig: PEER,
      extraHeaders,
      eventHandlers: { peerconnection: ({ peerconnection }) => this.play(role, peerconnection) },
    })
    const leg = new Leg(session, peer)
    this.follow(role, leg)
    return leg
  }

  private follow(role: Role, leg: Leg): void {
    const { session } = leg
    const tell = (event: 'accepted' | 'hold' | 'resume') => {
      if (role === 'consult') return this.moveConsult(event)
      if (leg.dialog && event !== 'accepted') keptLeg.touch(this.seat, leg.dialog.callId, event === 'hold')
      this.move(event)
    }
    session.on('accepted', () => {
      if (role === 'call' && leg.dialog) keptLeg.put(this.seat, leg.dialog, leg.peer)
      tell('accepted')
      if (role === 'consult') leg.mute(this.muted)
    })
    session.on('hold', ({ originator: by }) => by === 'local' && tell('hold'))
    session.on('unhold', ({ originator: by }) => by === 'local' && tell('resume'))
    session.on('getusermediafailed', (error: unknown) => this.listener.problem(microphoneProblem(error)))
    session.on('ended', () => this.over(role, leg))
    session.on('failed', ({ originator, message, cause }) => {
      if (leg.outgoing && (originator as string) === 'remote') {
        const code = (message as { status_code?: number } | null)?.status_code
        this.listener.problem({ kind: 'not_reached', detail: `${leg.peer} ${code ?? cause}` })
      }
      this.over(role, leg)
    })
  }

  private play(role: Role, connection: RTCPeerConnection): void {
    connection.addEventListener('track', ({ streams, track }) => {
      this.listener.remote(role, streams[0] ?? new MediaStream([track]))
    })
  }

  private mutedAgain(): void {
    this.muted = false
    this.listener.muted(false)
  }

  private forget(role: Role): void {
    if (role === 'call') this.call = null
    else this.second = null
    this.listener.remote(role, null)
  }

  private over(role: Role, leg: Leg): void {
    if (leg !== (role === 'call' ? this.call : this.second)) return
    if (role === 'call' && leg.dialog) keptLeg.remove(this.seat, leg.dialog.callId)
    this.forget(role)
    if (role === 'consult') return this.moveConsult('over')
    this.move('call_over')
    // The line to the PBX may have gone during the call, which the state of a call does not show.
    if (this.ua && !this.ua.isRegistered()) this.move('disconnected')
  }
}
