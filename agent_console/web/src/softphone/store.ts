import { defineStore } from 'pinia'
import { computed, ref, shallowRef, watch } from 'vue'
import { api } from '@/transport/api'
import { toApiError } from '@/transport/problem'
import { PhoneOwnership } from './ownership'
import type { Phone, PhoneListener } from './phone'
import { tryMicrophone, type PhoneProblem } from './problems'
import { Ringer } from './ringer'
import { ALLOWED, type PhoneState } from './states'

const RETRY_MS = 3_000

/** The phone of the seat as the desk sees it. */
export const usePhone = defineStore('phone', () => {
  const state = ref<PhoneState>('off')
  const muted = ref(false)
  const problem = shallowRef<PhoneProblem | null>(null)
  const seat = ref<string | null>(null)
  const speaker = new Audio()
  speaker.autoplay = true
  const ringer = new Ringer()
  let retry: ReturnType<typeof setTimeout> | undefined

  const listener: PhoneListener = {
    state: (now) => (state.value = now),
    muted: (now) => (muted.value = now),
    problem: (now) => (problem.value = now),
    remote: (stream) => {
      speaker.srcObject = stream
      if (stream) void speaker.play().catch(() => {})
    },
  }
  let phone: Phone | null = null
  const ownership = new PhoneOwnership(
    () => void register(),
    () => {
      phone?.stop()
      if (phone) phone.ownedElsewhere()
      else state.value = 'elsewhere'
    },
  )

  watch(state, (now) => (now === 'ringing' ? ringer.start() : ringer.stop()))

  /** Signs the phone of the seat in; a no-op for the seat that it is signed in at. */
  function open(at: string): void {
    if (seat.value === at) return
    seat.value = at
    void ownership.claim(at)
  }

  function close(): void {
    clearTimeout(retry)
    seat.value = null
    problem.value = null
    ownership.drop()
    phone?.stop()
    state.value = 'off'
  }

  async function register(): Promise<void> {
    clearTimeout(retry)
    const asked = seat.value
    try {
      const account = await api.softphone()
      if (seat.value !== asked || account.seat !== asked) return
      // SIP is brought along only by who sits at a seat.
      const { Phone } = await import('./phone')
      phone ??= new Phone(listener)
      phone.start(account)
      problem.value = await tryMicrophone()
    } catch (thrown) {
      problem.value = { kind: 'unavailable', detail: toApiError(thrown).problem.message }
      if (seat.value === asked && asked) retry = setTimeout(() => void register(), RETRY_MS)
    }
  }

  return {
    state,
    muted,
    problem,
    can: computed(() => ALLOWED[state.value]),
    inCall: computed(() => ['answering', 'talking', 'held'].includes(state.value)),
    open,
    close,
    retry: () => void register(),
    takeOver: () => seat.value && ownership.take(seat.value),
    answer: () => phone?.answer(),
    hangUp: () => phone?.hangUp(),
    toggleHold: () => phone?.toggleHold(),
    toggleMute: () => phone?.toggleMute(),
    sendTone: (tone: string) => phone?.sendTone(tone),
  }
})
