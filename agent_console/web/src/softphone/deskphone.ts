import type { OrderView, PhoneCall, PhoneVerb } from '@/transport/messages.gen'
import { ApiError, toApiError } from '@/transport/problem'
import type { PhoneProblem } from './problems'
import type { PhoneListener, Role, SeatPhone } from './seatphone'
import { inConference } from './states'

/** What a phone is told by NOTIFY, which not every phone obeys: how to see that it did, and what to say if not. */
const TOLD: Partial<Record<PhoneVerb, { kind: PhoneProblem['kind']; obeyed: (call: PhoneCall | null) => boolean }>> = {
  answer: { kind: 'lift_handset', obeyed: (call) => call?.state !== 'ringing' },
  hold: { kind: 'use_phone_keys', obeyed: (call) => call?.state !== 'talking' },
  resume: { kind: 'use_phone_keys', obeyed: (call) => call?.state !== 'held' },
}
/** How long a phone may take to do as it was told, ms. */
const OBEYS_MS = 3_000

/** Sends an order for the phone; its end is told by `ordered`. */
export type SendOrder = (requestId: string, verb: PhoneVerb, callId: string | null, to: string) => Promise<OrderView>

interface Pending {
  verb: PhoneVerb
  done(): void
  failed(error: ApiError): void
}

/** A hardware phone at the seat: verbs are orders to the PBX, and its state is what the record says. */
export class DeskPhone implements SeatPhone {
  private registered = false
  private call: PhoneCall | null = null
  private readonly pending = new Map<string, Pending>()
  /** A consultation that is being ended from here was not in vain. */
  private ending = false
  private watching: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly listener: PhoneListener,
    private readonly send: SendOrder,
  ) {}

  get busy(): boolean {
    return this.call !== null
  }

  /** How the phone stands, as the server says. */
  show(registered: boolean, call: PhoneCall | null): void {
    const before = this.call
    this.registered = registered
    this.call = call
    this.listener.state(call?.state ?? (registered ? 'registered' : 'off'), call?.peer ?? '')
    this.listener.consult(call?.consult?.state ?? 'none', call?.consult?.to ?? '')
    this.listener.muted(call?.muted ?? false)
    if (before?.consult?.state === 'dialing' && call && !call.consult && !this.ending) {
      this.listener.problem({ kind: 'not_reached', detail: before.consult.to })
    }
    if (!call?.consult) this.ending = false
  }

  /** Only the registration moved. */
  reachable(registered: boolean): void {
    if (registered !== this.registered) this.show(registered, this.call)
  }

  /** How an order came out; orders of others are none of this phone's. */
  ordered(order: OrderView): void {
    const pending = this.pending.get(order.order_id)
    if (!pending || order.state === 'ordered' || order.state === 'taken') return
    this.pending.delete(order.order_id)
    if (order.problem) return pending.failed(new ApiError(order.problem))
    pending.done()
    this.watch(pending.verb)
  }

  stop(): void {
    clearTimeout(this.watching)
    this.pending.clear()
    this.show(false, null)
  }

  leave(): void {
    // The call goes on at the phone, whatever becomes of the page.
  }

  answer(): void {
    if (this.call?.state === 'ringing') this.ask('answer')
  }

  hangUp(role?: Role): void {
    const consult = this.call?.consult
    const heard = consult && consult.state !== 'held'
    if (consult && (role === 'consult' || (role === undefined && heard))) {
      this.ending = true
      return this.ask('end_consult')
    }
    if (this.call || role) return this.ask('hang_up')
    // The record knows of no call, but the phone may still be in one: with the colleague after the citizen has gone.
    void this.order('hang_up').catch(() => {})
  }

  toggleHold(): void {
    if (this.call && !this.call.consult) this.ask(this.call.state === 'held' ? 'resume' : 'hold')
  }

  toggleMute(): void {
    if (this.call) this.ask(this.call.muted ? 'unmute' : 'mute')
  }

  sendTone(tone: string): void {
    if (this.call) void this.order('tone', tone).catch((thrown: unknown) => this.complain(thrown))
  }

  dial(): void {
    // With no call the phone's own keys dial; a citizen is called from the case, which the PBX orders.
  }

  consult(target: string): void {
    if (this.call && !this.call.consult) this.ask('consult', target)
  }

  swap(): void {
    if (this.call?.consult) this.ask(this.call.state === 'held' ? 'hear_citizen' : 'hear_colleague')
  }

  toggleConference(): void {
    const { call } = this
    if (call?.consult) this.ask(inConference(call.state, call.consult.state) ? 'hear_citizen' : 'hear_both')
  }

  transfer(target: string): Promise<void> {
    return this.order('transfer', target)
  }

  transferToConsulted(): Promise<void> {
    return this.order('transfer_consulted')
  }

  /** Orders it once, however often the key is pressed before it came out. */
  private ask(verb: PhoneVerb, to = ''): void {
    if ([...this.pending.values()].some((each) => each.verb === verb)) return
    this.listener.problem(null)
    void this.order(verb, to).catch((thrown: unknown) => this.complain(thrown))
  }

  private complain(thrown: unknown): void {
    this.ending = false
    this.listener.problem({ kind: 'order_failed', detail: '', error: toApiError(thrown) })
  }

  private order(verb: PhoneVerb, to = ''): Promise<void> {
    const id = crypto.randomUUID()
    return new Promise((done, failed) => {
      this.pending.set(id, { verb, done, failed })
      this.send(id, verb, this.call?.call_id ?? null, to).then(
        (order) => this.ordered(order),
        (thrown: unknown) => (this.pending.delete(id), failed(toApiError(thrown))),
      )
    })
  }

  private watch(verb: PhoneVerb): void {
    const told = TOLD[verb]
    if (!told) return
    clearTimeout(this.watching)
    this.watching = setTimeout(() => {
      if (!told.obeyed(this.call)) this.listener.problem({ kind: told.kind, detail: '' })
    }, OBEYS_MS)
  }
}
