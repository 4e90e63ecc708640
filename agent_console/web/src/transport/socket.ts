import type { Captioned, CaptionsSoFar, CaptionsStand, ConsoleMessages, Event, Reply, Ring, Tick, Welcome } from './messages.gen'
import { ApiError, OFFLINE, TIMED_OUT, localError, type Told } from './problem'

export type Command = ConsoleMessages['command']
type ServerMessage = ConsoleMessages['message']
/** A command without its id, which the socket gives. */
export type Order = Command extends infer Each ? (Each extends Command ? Omit<Each, 'id'> : never) : never

export type LinkState = 'connecting' | 'online' | 'offline'

/** The part of a browser's WebSocket that is used, so that a test can play the hub. */
export interface Wire {
  send(text: string): void
  close(): void
  onopen: ((event: never) => void) | null
  onmessage: ((event: { data: string }) => void) | null
  onclose: ((event: { code: number }) => void) | null
}

export interface Listener {
  welcome(message: Welcome): void
  event(message: Event): void
  /** A pop-up ahead of its event. */
  ring(message: Ring): void
  /** Something was said in the own call, and how its captions stand. */
  caption(message: Captioned): void
  captionsStand(message: CaptionsStand): void
  /** What was said in a call to which this person begins to listen. */
  captionsSoFar(message: CaptionsSoFar): void
  tick(message: Tick): void
  signedOut(reason: string): void
  link(state: LinkState): void
  /** The server is of another version than this page, which must be loaded anew. */
  outdated(): void
}

interface Pending {
  order: Order
  repeatable: boolean
  sent: boolean
  resolve(result: unknown): void
  reject(error: ApiError): void
  timer: ReturnType<typeof setTimeout>
}

/** A hub that is silent for longer than two ticks is taken for dead. */
export const SILENCE_MS = 12_000
/** The hub closes the line with this code where nobody is signed in. */
const SIGNED_OUT_CODE = 4401
/** The hub closes the line with this code to a page of another version. */
const OUTDATED_CODE = 4426
/** Such a page asks now and then, in case the server goes back to the version before, ms. */
const OUTDATED_RETRY_MS = 30_000
const FIRST_RETRY_MS = 150
const LONGEST_RETRY_MS = 2_000

/** How long to wait before the n-th attempt (0 = first), in ms; `spread` 0..1 keeps 600 consoles from knocking at once. */
export function retryDelay(attempt: number, spread: number): number {
  const full = Math.min(FIRST_RETRY_MS * 2 ** attempt, LONGEST_RETRY_MS)
  return Math.round(full * (0.5 + spread / 2))
}

/**
 * The console's one line to the hub. It reconnects for ever, resumes from the last event it has, shows each event
 * once, and answers each command exactly once: with the result, with the hub's problem, or with a local error.
 */
export class ConsoleSocket {
  private wire: Wire | null = null
  private nextId = 1
  private lastSeq: number | null = null
  private attempt = 0
  private state: LinkState = 'offline'
  private wanted = false
  private readonly pending = new Map<number, Pending>()
  private retryTimer: ReturnType<typeof setTimeout> | undefined
  private silenceTimer: ReturnType<typeof setTimeout> | undefined

  private listener: Listener | null = null

  constructor(
    private readonly open: () => Wire,
    private readonly random: () => number = Math.random,
  ) {}

  start(listener: Listener): void {
    if (this.wanted) return
    this.listener = listener
    this.wanted = true
    this.connect()
  }

  /** Ends the line on purpose; what waits is told so. */
  stop(): void {
    this.wanted = false
    clearTimeout(this.retryTimer)
    this.drop()
    this.lastSeq = null
    for (const [id, waiting] of [...this.pending]) this.fail(id, waiting, OFFLINE)
    this.change('offline')
  }

  /** Drops the line and takes it up at once, for a fresh Welcome: after sleep, or when the state is in doubt. */
  resync(): void {
    if (!this.wanted) return
    this.lost(0)
  }

  /**
   * Sends a command and gives its result. One that is given while the line is down waits for it, within the time-out.
   * A command that was sent when the line broke is sent again only if it is `repeatable` (the hub does it once anyway).
   */
  send<Result>(order: Order, { timeoutMs = 8_000, repeatable = false } = {}): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      const id = this.nextId++
      const timer = setTimeout(() => {
        const waiting = this.pending.get(id)
        if (waiting) this.fail(id, waiting, waiting.sent ? TIMED_OUT : OFFLINE)
      }, timeoutMs)
      const waiting: Pending = {
        order,
        repeatable,
        sent: false,
        resolve: resolve as (result: unknown) => void,
        reject,
        timer,
      }
      this.pending.set(id, waiting)
      if (this.state === 'online') this.transmit(id, waiting)
    })
  }

  private transmit(id: number, waiting: Pending): void {
    waiting.sent = true
    this.wire?.send(JSON.stringify({ ...waiting.order, id }))
  }

  private fail(id: number, waiting: Pending, error: string): void {
    clearTimeout(waiting.timer)
    this.pending.delete(id)
    waiting.reject(localError(error, 'The server did not answer.'))
  }

  private change(state: LinkState): void {
    if (this.state === state) return
    this.state = state
    this.listener?.link(state)
  }

  private connect(): void {
    this.change('connecting')
    const wire = this.open()
    this.wire = wire
    wire.onopen = () => wire.send(JSON.stringify(this.hello()))
    wire.onmessage = ({ data }) => {
      if (wire === this.wire) this.receive(JSON.parse(data) as ServerMessage)
    }
    wire.onclose = ({ code }) => {
      if (wire !== this.wire) return
      if (code === SIGNED_OUT_CODE) return this.ended('expired')
      if (code !== OUTDATED_CODE) return this.lost()
      this.lost(OUTDATED_RETRY_MS)
      this.listener?.outdated()
    }
    this.listen()
  }

  private hello(): Command {
    return { command: 'hello', id: this.nextId++, protocol: 1, last_seq: this.lastSeq }
  }

  private listen(): void {
    clearTimeout(this.silenceTimer)
    this.silenceTimer = setTimeout(() => this.lost(0), SILENCE_MS)
  }

  private drop(): void {
    clearTimeout(this.silenceTimer)
    const wire = this.wire
    this.wire = null
    wire?.close()
  }

  private lost(delay = retryDelay(this.attempt, this.random())): void {
    this.drop()
    this.attempt += 1
    this.change('offline')
    for (const [id, waiting] of [...this.pending]) {
      if (waiting.sent && !waiting.repeatable) this.fail(id, waiting, OFFLINE)
      else waiting.sent = false
    }
    clearTimeout(this.retryTimer)
    if (this.wanted) this.retryTimer = setTimeout(() => this.connect(), delay)
  }

  private receive(message: ServerMessage): void {
    this.listen()
    switch (message.type) {
      case 'welcome':
        return this.welcomed(message)
      case 'event':
        return this.heard(message)
      case 'ring':
        return this.listener?.ring(message)
      case 'caption':
        return this.listener?.caption(message)
      case 'captions_stand':
        return this.listener?.captionsStand(message)
      case 'captions_so_far':
        return this.listener?.captionsSoFar(message)
      case 'reply':
        return this.answered(message)
      case 'tick':
        return this.listener?.tick(message)
      case 'signed_out':
        return this.ended(message.reason)
    }
  }

  private ended(reason: string): void {
    this.stop()
    this.listener?.signedOut(reason)
  }

  private welcomed(message: Welcome): void {
    this.attempt = 0
    this.lastSeq = message.seq
    this.listener?.welcome(message)
    this.change('online')
    for (const [id, waiting] of this.pending) if (!waiting.sent) this.transmit(id, waiting)
  }

  private heard(message: Event): void {
    if (this.lastSeq !== null && message.seq <= this.lastSeq) return
    this.lastSeq = message.seq
    this.listener?.event(message)
  }

  private answered({ id, ok, result, problem }: Reply): void {
    const waiting = this.pending.get(id)
    if (!waiting) return
    clearTimeout(waiting.timer)
    this.pending.delete(id)
    if (ok) waiting.resolve(result ?? {})
    else waiting.reject(new ApiError(problem ?? UNNAMED))
  }
}

const UNNAMED: Told = { error: 'ServerError', message: '', kept: '', next_step: '', field: null }
