import { computed, onBeforeUnmount, ref, shallowRef, watch } from 'vue'
import { useCall } from '@/entities/call/store'
import { useCaptions } from '@/entities/caption/store'
import { useDrafts } from '@/entities/draft/store'
import { useSession } from '@/entities/session/store'
import { api } from '@/transport/api'
import type { DraftContent, Suggestions, SuggestionsAsked } from '@/transport/messages.gen'
import { Marker, offersFor, placeChanges, withLine, type Offer, type Taken } from './offers'

/** Who speaks on is not interrupted by a question for each breath, ms. */
const PAUSE_MS = 250

/** How the form takes what is offered. */
export interface Taking {
  set<Field extends keyof DraftContent>(field: Field, value: DraftContent[Field]): void
  setClass(code: string): void
  /** The line that a telephone number becomes. */
  numberLine(number: string): string
}

/**
 * What the form could say by what the citizen says. One key takes the next offer, another leaves it for good; `next` is
 * the one that they mean, and it stays the same until it was taken or left, or its field was filled by hand.
 */
export function useSuggestions({ set, setClass, numberLine }: Taking) {
  const captions = useCaptions()
  const call = useCall()
  const drafts = useDrafts()
  const session = useSession()
  const found = shallowRef<Suggestions | null>(null)
  const left = ref(new Set<string>())
  const taken = ref<Taken>({})
  const marker = new Marker()
  const marked = ref<string | null>(null)
  let timer: ReturnType<typeof setTimeout> | undefined
  let newest = 0

  const mine = computed(() => {
    const card = call.card
    return card && card.stage !== 'ringing' && (drafts.active?.callId ?? drafts.callId) === card.call_id ? card.call_id : null
  })
  const asked = computed<SuggestionsAsked>(() => ({
    said: captions.lines
      .filter(({ leg, final }) => leg === 'caller' && final)
      .map(({ text, from_ms, to_ms }) => ({ text, from_ms, to_ms })),
    street_code: drafts.content.street_code,
  }))
  const question = computed(() => (mine.value && asked.value.said.length ? JSON.stringify(asked.value) : ''))

  async function ask(): Promise<void> {
    const number = ++newest
    // without an answer the form is filled by hand as ever
    const answer = await api.suggestions(JSON.parse(question.value) as SuggestionsAsked).catch(() => null)
    if (answer && number === newest) found.value = answer
  }

  watch(question, (now) => {
    clearTimeout(timer)
    if (now && session.can('cases.file')) timer = setTimeout(() => void ask(), PAUSE_MS)
  })
  watch(mine, () => {
    newest += 1
    found.value = null
    left.value = new Set()
    taken.value = {}
  })
  onBeforeUnmount(() => clearTimeout(timer))

  const offers = computed(() => (mine.value ? offersFor(found.value, drafts.content, left.value, taken.value) : []))
  watch(offers, (now) => {
    marker.follow(now, performance.now())
    marked.value = marker.key
  })
  const next = computed(() => offers.value.find(({ key }) => key === marked.value) ?? null)

  /** What a key does to the offer that it means. */
  function byKey(act: (offer: Offer) => void): void {
    if (next.value && marker.canBeMeant(performance.now())) act(next.value)
  }

  function take(offer: Offer): void {
    marker.answer(offer)
    if (offer.field === 'address' || offer.field === 'class_code') {
      const others = offers.value.filter(({ field }) => field === offer.field).map(({ key }) => key)
      taken.value = { ...taken.value, [offer.field]: { value: offer.value, others } }
    }
    if (offer.field === 'class_code') setClass(offer.value)
    else if (offer.field === 'urgency') set('urgency', offer.value as DraftContent['urgency'])
    else if (offer.field === 'number') set('what', withLine(drafts.content.what, numberLine(offer.value)))
    else if (offer.candidate) {
      const changes = placeChanges(offer.candidate, drafts.content)
      for (const [field, value] of Object.entries(changes)) set(field as keyof DraftContent, value)
    }
  }

  /** Leaves it, and with an address or a class all others that were offered for the same field. */
  function leave(offer: Offer): void {
    marker.answer(offer)
    const same = offers.value.filter(({ key, field }) => key === offer.key || (field === offer.field && field !== 'number'))
    left.value = new Set([...left.value, ...same.map(({ key }) => key)])
  }

  return { offers, next, take, leave, byKey }
}
