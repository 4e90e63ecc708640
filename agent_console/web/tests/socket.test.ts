import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ConsoleMessages, Event, Me, SeatView, Welcome } from '@/transport/messages.gen'
import { ApiError, OFFLINE, TIMED_OUT } from '@/transport/problem'
import { ConsoleSocket, SILENCE_MS, retryDelay, type Command, type Listener, type Wire } from '@/transport/socket'

class FakeWire implements Wire {
  onopen: Wire['onopen'] = null
  onmessage: Wire['onmessage'] = null
  onclose: Wire['onclose'] = null
  readonly sent: Command[] = []
  closed = false

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Command)
  }

  close(): void {
    this.closed = true
  }

  open(): void {
    this.onopen?.(undefined as never)
  }

  hear(message: ConsoleMessages['message']): void {
    this.onmessage?.({ data: JSON.stringify(message) })
  }

  breaks(code = 1006): void {
    this.onclose?.({ code })
  }

  last(): Command {
    return this.sent.at(-1) as Command
  }
}

const AT = '2026-11-22T02:00:00Z'
const welcome = (seq: number): Welcome => ({
  type: 'welcome',
  id: 1,
  seq,
  server_time: AT,
  me: {} as Me,
  desk: {
    seat: null,
    call: null,
    drafts: [],
    notices: [], supervisors: [],
    phone: null,
  captions: null, hall: null, queue: { waiting: 0, longest_since: null, answered_within_15s: null },
    links: [{ host: 'hotline', state: 'live', as_of: AT }],
  },
  missed_too_many: false,
})
const event = (seq: number): Event => ({
  type: 'event',
  seq,
  at: AT,
  body: { kind: 'recording_changed', call_id: `call-${seq}`, state: 'stored' },
})

let wires: FakeWire[]
let seen: string[]
let socket: ConsoleSocket
const wire = () => wires.at(-1) as FakeWire
const listener: Listener = {
  welcome: ({ seq }) => seen.push(`welcome ${seq}`),
  event: ({ seq }) => seen.push(`event ${seq}`),
  ring: ({ card }) => seen.push(`ring ${card.call_id}`),
  caption: ({ call_id, line: { text } }) => seen.push(`caption ${call_id} ${text}`),
  captionsStand: ({ leg, state }) => seen.push(`captions ${leg} ${state}`),
  captionsSoFar: ({ view }) => seen.push(`captions so far ${view.call_id}`),
  tick: () => seen.push('tick'),
  signedOut: (reason) => seen.push(`signed out ${reason}`),
  link: (state) => seen.push(state),
  outdated: () => seen.push('outdated'),
}

beforeEach(() => {
  vi.useFakeTimers()
  wires = []
  seen = []
  socket = new ConsoleSocket(
    () => {
      wires.push(new FakeWire())
      return wire()
    },
    () => 1,
  )
  socket.start(listener)
})
afterEach(() => {
  socket.stop()
  vi.useRealTimers()
})

function online(seq = 10): void {
  wire().open()
  wire().hear(welcome(seq))
}

describe('resuming', () => {
  it('says hello with nothing first, and with the last event it has after a break', () => {
    wire().open()
    expect(wire().last()).toMatchObject({ command: 'hello', last_seq: null })
    wire().hear(welcome(10))
    wire().hear(event(12))
    wire().breaks()
    vi.advanceTimersByTime(2_000)
    wire().open()
    expect(wires).toHaveLength(2)
    expect(wire().last()).toMatchObject({ command: 'hello', last_seq: 12 })
  })

  it('shows an event once, however often it comes', () => {
    online(10)
    for (const seq of [9, 10, 11, 11, 13, 12]) wire().hear(event(seq))
    expect(seen.filter((each) => each.startsWith('event'))).toEqual(['event 11', 'event 13'])
  })

  it('takes the missed events before the welcome and then skips what the welcome holds', () => {
    online(10)
    wire().breaks()
    vi.advanceTimersByTime(2_000)
    wire().open()
    for (const seq of [11, 12]) wire().hear(event(seq))
    wire().hear(welcome(14))
    for (const seq of [13, 14, 15]) wire().hear(event(seq))
    expect(seen.filter((each) => /^(event|welcome)/.test(each))).toEqual([
      'welcome 10',
      'event 11',
      'event 12',
      'welcome 14',
      'event 15',
    ])
  })
})

describe('reconnecting', () => {
  it('never waits longer than 2 s, and starts anew after a welcome', () => {
    const waits = Array.from({ length: 12 }, (_, attempt) => retryDelay(attempt, 1))
    expect(waits[0]).toBe(150)
    expect(Math.max(...waits)).toBe(2_000)
    expect(retryDelay(5, 0)).toBe(1_000)
    for (let attempt = 0; attempt < 6; attempt += 1) {
      wire().breaks()
      vi.advanceTimersByTime(2_000)
    }
    expect(wires).toHaveLength(7)
    online()
    wire().breaks()
    vi.advanceTimersByTime(150)
    expect(wires).toHaveLength(8)
  })

  it('takes a silent hub for dead, and ignores what the dead line still says', () => {
    online(10)
    const dead = wire()
    vi.advanceTimersByTime(SILENCE_MS)
    expect(dead.closed).toBe(true)
    vi.advanceTimersByTime(2_000)
    expect(wires).toHaveLength(2)
    dead.hear(event(11))
    expect(seen).not.toContain('event 11')
  })

  it('stays away after the session has ended', () => {
    online()
    wire().breaks(4401)
    vi.advanceTimersByTime(10_000)
    expect(seen).toContain('signed out expired')
    expect(wires).toHaveLength(1)
  })
})

describe('commands', () => {
  const seat = { seat: '8001' } as SeatView

  it('answers each command with the reply of its own id', async () => {
    online()
    const first = socket.send({ command: 'make_ready' })
    const second = socket.send({ command: 'sign_out_seat' })
    const [a, b] = wire().sent.slice(-2) as [Command, Command]
    expect(b.id).toBeGreaterThan(a.id)
    wire().hear({ type: 'reply', id: b.id, ok: true, result: { seat: '8002' }, problem: null })
    wire().hear({ type: 'reply', id: a.id, ok: true, result: { ...seat }, problem: null })
    await expect(first).resolves.toMatchObject({ seat: '8001' })
    await expect(second).resolves.toMatchObject({ seat: '8002' })
  })

  it("gives the hub's problem as a typed error", async () => {
    online()
    const refused = socket.send({ command: 'make_ready' })
    const problem = { error: 'PhoneNotRegistered', message: 'No phone.', kept: '', next_step: '', field: null, facts: {} }
    wire().hear({ type: 'reply', id: wire().last().id, ok: false, result: null, problem })
    const error = await refused.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ApiError)
    expect((error as ApiError).problem).toEqual(problem)
    expect((error as ApiError).transient).toBe(false)
  })

  it('waits for the line and sends then', async () => {
    const asked = socket.send({ command: 'make_ready' })
    wire().open()
    expect(wire().sent).toHaveLength(1)
    wire().hear(welcome(1))
    expect(wire().last()).toMatchObject({ command: 'make_ready' })
    wire().hear({ type: 'reply', id: wire().last().id, ok: true, result: { ...seat }, problem: null })
    await expect(asked).resolves.toMatchObject(seat)
  })

  it('fails after its time-out, saying whether it was sent', async () => {
    const unsent = socket.send({ command: 'make_ready' }, { timeoutMs: 1_000 }).catch((thrown: unknown) => thrown)
    vi.advanceTimersByTime(1_000)
    expect(((await unsent) as ApiError).problem.error).toBe(OFFLINE)
    online()
    const sent = socket.send({ command: 'make_ready' }, { timeoutMs: 1_000 }).catch((thrown: unknown) => thrown)
    vi.advanceTimersByTime(1_000)
    expect(((await sent) as ApiError).problem.error).toBe(TIMED_OUT)
    expect(((await sent) as ApiError).transient).toBe(true)
  })

  it('sends again after a break only what the hub does once anyway', async () => {
    online()
    const once = socket.send({ command: 'make_ready' }).catch((thrown: unknown) => thrown)
    const again = socket.send({ command: 'extend_wrap_up' }, { repeatable: true })
    const id = wire().last().id
    wire().breaks()
    expect(((await once) as ApiError).problem.error).toBe(OFFLINE)
    vi.advanceTimersByTime(2_000)
    online(11)
    expect(wire().sent.map(({ command }) => command)).toEqual(['hello', 'extend_wrap_up'])
    expect(wire().last().id).toBe(id)
    wire().hear({ type: 'reply', id, ok: true, result: {}, problem: null })
    await expect(again).resolves.toEqual({})
  })

  it('says that the page is of another version, and does not knock on', () => {
    online()
    wire().breaks(4426)
    vi.advanceTimersByTime(10_000)
    expect(seen).toContain('outdated')
    expect(wires).toHaveLength(1)
    vi.advanceTimersByTime(25_000)
    expect(wires).toHaveLength(2)
  })
})
