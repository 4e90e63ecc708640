import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { exactNow } from '@/lib/clock'
import { api } from '@/transport/api'
import { toApiError } from '@/transport/problem'
import { keepIn, type Kept } from './keep'
import { deliver, type Parcel } from './send'

const RETRY_MS = 15_000

export type NewParcel = Pick<Parcel, 'kind' | 'at'> & Partial<Parcel>

/** What people did in the street goes out from here: at once, or later if there is no network, and never twice. */
export const useOutbox = defineStore('outbox', () => {
  const parcels = shallowRef<Parcel[]>([])
  const sending = ref(false)
  /** Rises with each step that reached the server, so that pages look again. */
  const sent = ref(0)
  /** False when this browser keeps nothing: then a page that is closed loses what waits. */
  const kept = ref(true)
  let keep: Kept<Parcel> | null = null
  let owner = ''
  let timer: ReturnType<typeof setTimeout> | undefined
  const waiting = computed(() => parcels.value.filter((each) => !each.problem))
  const refused = computed(() => parcels.value.filter((each) => each.problem))
  const of = (at: string) => parcels.value.filter((each) => each.at === at)

  /** Called at each page: only the first time for a person looks what is left from before. */
  async function open(userId: string): Promise<void> {
    if (owner === userId) return void drain()
    owner = userId
    const mine = keepIn<Parcel>(`hotline.outbox.${userId}`)
    keep = mine
    const left = await mine.all().catch(() => ((kept.value = false), []))
    if (keep !== mine) return
    const known = new Set(parcels.value.map(({ id }) => id))
    parcels.value = [...left.filter(({ id }) => !known.has(id)), ...parcels.value].sort((a, b) => a.madeAt - b.madeAt)
    void drain()
  }

  function close(): void {
    clearTimeout(timer)
    keep = null
    owner = ''
    parcels.value = []
  }

  async function store(parcel: Parcel): Promise<void> {
    const others = parcels.value.filter(({ id }) => id !== parcel.id)
    parcels.value = [...others, parcel].sort((a, b) => a.madeAt - b.madeAt)
    await keep?.put(parcel).catch(() => (kept.value = false))
  }

  async function drop(id: string): Promise<void> {
    parcels.value = parcels.value.filter((each) => each.id !== id)
    await keep?.remove(id).catch(() => {})
  }

  /** Takes it over for good, and sends it as soon as it can be. */
  async function add(parcel: NewParcel): Promise<void> {
    const none = { photos: [], internal: false, result: null, report: null, problem: null }
    await store({ id: crypto.randomUUID(), madeAt: exactNow(), ...none, ...parcel })
    void drain()
  }

  async function retry(id: string): Promise<void> {
    const parcel = parcels.value.find((each) => each.id === id)
    if (parcel) await store({ ...parcel, problem: null })
    void drain()
  }

  async function drain(): Promise<void> {
    clearTimeout(timer)
    if (sending.value || !keep) return
    sending.value = true
    const mine = keep
    try {
      for (let next = waiting.value[0]; next && keep === mine; next = waiting.value[0]) {
        if (!(await sendOne(next))) break
      }
    } finally {
      sending.value = false
      if (waiting.value.length) timer = setTimeout(() => void drain(), RETRY_MS)
    }
  }

  /** False when the network is away. */
  async function sendOne(parcel: Parcel): Promise<boolean> {
    let left = parcel
    try {
      await deliver(parcel, api.carrier, async (after) => {
        left = after
        await store(after)
        sent.value += 1
      })
      await drop(parcel.id)
      sent.value += 1
    } catch (thrown) {
      const error = toApiError(thrown)
      if (error.transient || error.signedOut) return false
      await store({ ...left, problem: { ...error.problem, facts: error.problem.facts ?? {} } })
    }
    return true
  }

  window.addEventListener('online', () => void drain())
  return { parcels, waiting, refused, sending, sent, kept, of, open, close, add, drop, retry, drain }
})
