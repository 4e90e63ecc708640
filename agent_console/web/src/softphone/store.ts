import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { api } from '@/transport/api'
import { line } from '@/transport/line'
import type { OrderView, PhoneCall, PhoneVerb } from '@/transport/messages.gen'
import { ApiError, toApiError } from '@/transport/problem'
import { DeskPhone } from './deskphone'
import { keepDevices, keptDevices, soundOn, type Devices } from './devices'
import { PhoneOwnership } from './ownership'
import type { Phone } from './phone'
import { tryMicrophone, type PhoneProblem } from './problems'
import { Ringer } from './ringer'
import type { PhoneListener, Role, SeatPhone } from './seatphone'
import { allowed, inConference, type ConsultState, type PhoneState } from './states'

const RETRY_MS = 3_000
const LAST_DIALED = 'hotline.last-dialed'

/** The phone of the seat as the desk sees it. */
export const usePhone = defineStore('phone', () => {
  const state = ref<PhoneState>('off')
  const peer = ref('')
  const consult = ref<ConsultState>('none')
  const consulted = ref('')
  const consultSince = ref<number | null>(null)
  const muted = ref(false)
  const problem = shallowRef<PhoneProblem | null>(null)
  const transferring = ref(false)
  const devices = shallowRef<Devices>(keptDevices())
  const lastDialed = ref(sessionStorage.getItem(LAST_DIALED) ?? '')
  const seat = ref<string | null>(null)
  const speakers = { call: new Audio(), consult: new Audio() }
  const ringer = new Ringer()
  let retry: ReturnType<typeof setTimeout> | undefined
  for (const speaker of Object.values(speakers)) speaker.autoplay = true

  const listener: PhoneListener = {
    state: (now, who) => {
      state.value = now
      peer.value = who
      if (now === 'talking' && !desk.value && problem.value?.kind === 'not_reached') problem.value = null
    },
    consult: (now, who) => {
      if (now !== consult.value) consultSince.value = now === 'none' ? null : (consultSince.value ?? Date.now())
      consult.value = now
      consulted.value = who
    },
    muted: (now) => (muted.value = now),
    problem: (now) => (problem.value = now),
    remote: (role: Role, stream) => {
      speakers[role].srcObject = stream
      if (stream) void speakers[role].play().catch(() => {})
    },
  }
  /** The phone in the browser, made when it is first needed, and the one on the desk while the seat has one. */
  let browser: Phone | null = null
  const desk = shallowRef<DeskPhone | null>(null)
  const phone = (): SeatPhone | null => desk.value ?? browser
  const ownership = new PhoneOwnership(
    () => void register(),
    () => {
      if (browser) browser.ownedElsewhere()
      else state.value = 'elsewhere'
    },
  )

  watch([state, consult], ([call, second]) => {
    if (desk.value) ringer.stop()
    else if (call === 'ringing') ringer.start('ring')
    else if (call === 'dialing' || second === 'dialing') ringer.start('ringback')
    else ringer.stop()
  })
  window.addEventListener('pagehide', () => phone()?.leave())
  watch(devices, sound, { immediate: true })

  function sound(): void {
    for (const speaker of Object.values(speakers)) void soundOn(speaker, devices.value.speaker)
    ringer.devices = devices.value
  }

  /** Takes the phone of the seat: signs it in, or controls the one on the desk. A no-op for the seat that it is of. */
  function open(at: string, kind: string): void {
    if (seat.value === at) return
    if (seat.value) close()
    seat.value = at
    if (kind === 'browser') void ownership.claim(at)
    else desk.value = new DeskPhone(listener, order)
  }

  function close(): void {
    clearTimeout(retry)
    seat.value = null
    problem.value = null
    ownership.drop()
    phone()?.stop()
    desk.value = null
    state.value = 'off'
  }

  const order = (request_id: string, verb: PhoneVerb, call_id: string | null, to: string) =>
    line.send<OrderView>({ command: 'control_phone', request_id, verb, call_id, to })

  async function register(): Promise<void> {
    clearTimeout(retry)
    // signing in anew would end a call that goes on
    if (browser?.busy) {
      problem.value = await tryMicrophone()
      return
    }
    const asked = seat.value
    try {
      const account = await api.softphone()
      if (seat.value !== asked || account.seat !== asked) return
      // SIP is brought along only by who sits at a seat.
      const { Phone } = await import('./phone')
      browser ??= new Phone(listener)
      browser.start(account)
      problem.value = await tryMicrophone()
    } catch (thrown) {
      problem.value = { kind: 'unavailable', detail: toApiError(thrown).problem.message }
      if (seat.value === asked && asked) retry = setTimeout(() => void register(), RETRY_MS)
    }
  }

  function remember(target: string): string {
    lastDialed.value = target
    sessionStorage.setItem(LAST_DIALED, target)
    problem.value = null
    return target
  }

  async function transfer(hand: () => Promise<void> | undefined): Promise<void> {
    if (transferring.value) return
    transferring.value = true
    problem.value = null
    try {
      await hand()
    } catch (thrown) {
      const error = thrown instanceof ApiError ? { error: thrown } : {}
      problem.value = { kind: 'transfer_refused', detail: thrown instanceof Error ? thrown.message : '', ...error }
    } finally {
      transferring.value = false
    }
  }

  async function useDevices(chosen: Devices): Promise<void> {
    const another = chosen.microphone !== devices.value.microphone
    devices.value = chosen
    keepDevices(chosen)
    if (another) await browser?.changeMicrophone().catch(() => {})
  }

  return {
    state,
    peer,
    consult,
    consulted,
    consultSince,
    muted,
    problem,
    transferring,
    devices,
    lastDialed,
    /** The phone stands on the desk: the page only controls it. */
    onDesk: computed(() => desk.value !== null),
    /** What the server says of the phone on the desk. */
    told: (registered: boolean, call: PhoneCall | null) => desk.value?.show(registered, call),
    reachable: (registered: boolean) => desk.value?.reachable(registered),
    ordered: (how: OrderView) => desk.value?.ordered(how),
    can: computed(() => new Set([...allowed(state.value, consult.value)].filter((verb) => verb !== 'dial' || !desk.value))),
    inCall: computed(() => ['dialing', 'answering', 'talking', 'held'].includes(state.value) || consult.value !== 'none'),
    together: computed(() => inConference(state.value, consult.value)),
    open,
    close,
    useDevices,
    trySound: (kind: 'speaker' | 'ringer') => ringer.test(kind),
    dismiss: () => (problem.value = null),
    retry: () => void register(),
    takeOver: () => seat.value && ownership.take(seat.value),
    answer: () => phone()?.answer(),
    hangUp: (role?: Role) => phone()?.hangUp(role),
    toggleHold: () => phone()?.toggleHold(),
    toggleMute: () => phone()?.toggleMute(),
    sendTone: (tone: string) => phone()?.sendTone(tone),
    dial: (target: string) => phone()?.dial(remember(target)),
    ask: (target: string) => phone()?.consult(remember(target)),
    swap: () => phone()?.swap(),
    toggleConference: () => phone()?.toggleConference(),
    transferTo: (target: string) => transfer(() => phone()?.transfer(remember(target))),
    transferToConsulted: () => transfer(() => phone()?.transferToConsulted()),
  }
})
