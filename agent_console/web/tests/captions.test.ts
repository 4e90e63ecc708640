import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { useCall } from '@/entities/call/store'
import { useCaptions } from '@/entities/caption/store'
import { emptyContent } from '@/entities/draft/sync'
import { Marker, READ_MS, offersFor, placeChanges, withLine, type Offer } from '@/entities/suggestion/offers'
import { setServerTime } from '@/lib/clock'
import { usePhone } from '@/softphone/store'
import type { CallCard, CaptionLine, DraftContent, PlaceCandidate, Suggestions } from '@/transport/messages.gen'

const line = (n: number, text: string, more: Partial<CaptionLine> = {}): CaptionLine => ({
  leg: 'caller', line: `tap/${n}`, text, from_ms: n * 1000, to_ms: n * 1000 + 900, at: '2026-11-29T08:00:00Z', final: true, ...more,
})
const card = (more: Partial<CallCard> = {}) =>
  ({ call_id: 'c1', stage: 'answered', answered_at: new Date().toISOString(), recording_paused_at: null, ...more }) as CallCard
const texts = () => useCaptions().lines.map(({ text }) => text)

beforeEach(() => {
  setServerTime(new Date().toISOString())
  setActivePinia(createPinia())
  useCall().card = card()
})

describe('captions', () => {
  it('grow line by line, and take back what was no speech', () => {
    const captions = useCaptions()
    captions.said({ type: 'caption', call_id: 'c1', line: line(0, '您好', { final: false }) })
    captions.said({ type: 'caption', call_id: 'c1', line: line(0, '您好我要', { final: false }) })
    captions.said({ type: 'caption', call_id: 'c1', line: line(1, '请问', { leg: 'seat' }) })
    expect(texts()).toEqual(['您好我要', '请问'])
    captions.said({ type: 'caption', call_id: 'c1', line: line(0, '') })
    expect(texts()).toEqual(['请问'])
  })

  it('of another call are never shown', () => {
    useCaptions().said({ type: 'caption', call_id: 'c0', line: line(0, '上一位市民') })
    expect(texts()).toEqual([])
    useCaptions().said({ type: 'caption', call_id: 'c1', line: line(0, '您好') })
    expect(texts()).toEqual(['您好'])
  })

  it('of the call before do not take away what is said now', () => {
    const captions = useCaptions()
    captions.said({ type: 'caption', call_id: 'c1', line: line(0, '您好', { at: '2026-11-29T08:00:09Z' }) })
    captions.said({ type: 'caption', call_id: 'c0', line: line(7, '再见', { at: '2026-11-29T08:00:01Z' }) })
    captions.stands({ type: 'captions_stand', call_id: 'c0', leg: 'caller', state: 'off', lag_ms: 0, skipped_ms: 0 })
    expect([texts(), captions.state]).toEqual([['您好'], 'live'])
  })

  it('are there again after the page was loaded anew', () => {
    useCaptions().welcome({ call_id: 'c1', lines: [line(0, '您好'), line(1, '电梯坏了')], legs: { caller: 'live' } })
    expect(texts()).toEqual(['您好', '电梯坏了'])
    expect(useCaptions().state).toBe('live')
    useCaptions().welcome(null)
    expect(texts()).toEqual([])
  })

  it('say how they stand: the worse leg counts', () => {
    const captions = useCaptions()
    const stands = (leg: 'caller' | 'seat', state: 'live' | 'behind' | 'lost' | 'off', skipped_ms = 0) =>
      captions.stands({ type: 'captions_stand', call_id: 'c1', leg, state, lag_ms: 0, skipped_ms })
    expect(captions.state).toBe('starting')
    stands('caller', 'live')
    stands('seat', 'live')
    expect(captions.state).toBe('live')
    stands('seat', 'behind', 2400)
    expect([captions.state, captions.skippedMs]).toEqual(['behind', 2400])
    stands('caller', 'lost')
    expect(captions.state).toBe('lost')
    stands('caller', 'off')
    stands('seat', 'off')
    expect(captions.state).toBe('off')
    usePhone().state = 'held'
    expect(captions.state).toBe('held')
    useCall().card = card({ recording_paused_at: '2026-11-29T08:00:00Z' })
    expect(captions.state).toBe('paused')
    useCall().card = card({ stage: 'ended' })
    expect(captions.state).toBe('over')
    useCall().card = card({ stage: 'ringing' })
    expect(captions.state).toBeNull()
  })

  it('that never begin are lost, not starting for ever', () => {
    useCall().card = card({ answered_at: new Date(Date.now() - 10_000).toISOString() })
    expect(useCaptions().state).toBe('lost')
  })
})

const why = { words: '忠实里西区三号楼', from_ms: 0, to_ms: 900 }
const candidate = (address: string, street: string, community: string | null) =>
  ({
    text: address, rest: '', address, place_code: 'p', longitude: 116.4, latitude: 39.9, found: 'building', score: 99, why: 'name',
    location: {
      street: { code: street, name: street },
      community: community && { code: community, name: community },
      base_grid: { code: 'b', name: '第一网格', kind: 'residential', attention: 'routine' },
      unit_grid: `${community ?? street}001`,
    },
  }) as unknown as PlaceCandidate
const found: Suggestions = {
  place: { candidates: [candidate('忠实里西区3号楼', '13', '13007'), candidate('忠实里西区4号楼', '14', '14001')], why },
  classes: [{ class_code: '0101', name: '电梯故障', path: ['物业管理', '电梯故障'], why }],
  numbers: [{ number: '13800123456', why }],
  urgency: { urgency: 'urgent', why },
}
const form = (more: Partial<DraftContent> = {}): DraftContent => ({ ...emptyContent(), ...more })
const fields = (content: DraftContent, left: string[] = []) => offersFor(found, content, new Set(left)).map(({ field }) => field)

describe('suggestions', () => {
  it('are offered in the order of the form, each with the words for it', () => {
    expect(fields(form())).toEqual(['number', 'address', 'address', 'class_code', 'urgency'])
    expect(offersFor(found, form(), new Set()).every(({ why: { words } }) => words)).toBe(true)
    expect(offersFor(null, form(), new Set())).toEqual([])
  })

  it('never stand beside what was typed or chosen by hand', () => {
    const typed = { address: '东花市', class_code: '02', urgency: 'emergency', what: '电话 13800123456' } as const
    expect(fields(form(typed))).toEqual([])
    expect(fields(form({ ...typed, address: ' ' }))).toEqual(['address', 'address'])
    expect(fields(form({ ...typed, urgency: 'normal' }))).toEqual(['urgency'])
  })

  it('of an address lie where the form says already', () => {
    const offers = offersFor(found, form({ street_code: '14' }), new Set()).filter(({ field }) => field === 'address')
    expect(offers.map(({ value }) => value)).toEqual(['忠实里西区4号楼'])
    expect(fields(form({ community_code: '99' })).includes('address')).toBe(false)
  })

  it('say more closely what was taken before, and never what was changed by hand since', () => {
    const taken = { address: { value: '忠实里西区', others: [] }, class_code: { value: '01', others: [] } }
    const offered = (more: Partial<DraftContent>) => offersFor(found, form(more), new Set(), taken).map(({ value }) => value)
    const estate = { what: '13800123456', urgency: 'urgent', street_code: '13', address: '忠实里西区', class_code: '01' } as const
    expect(offered(estate)).toEqual(['忠实里西区3号楼', '0101'])
    expect(offered({ ...estate, address: '忠实里西区3号楼', class_code: '0101' })).toEqual([])
    expect(offered({ ...estate, address: '忠实里西', class_code: '' })).toEqual(['0101'])
    // what could have been taken then was not chosen
    const chosen = { ...taken, class_code: { value: '01', others: ['class:0101'] } }
    expect(offersFor(found, form({ ...estate, address: '忠实里' }), new Set(), chosen)).toEqual([])
  })

  it('are never taken by a key that was meant for another one', () => {
    const all = offersFor(found, form(), new Set())
    const [number, address] = [all[0] as Offer, all[1] as Offer]
    const marker = new Marker()
    marker.follow(all, 1000)
    expect([marker.key, marker.canBeMeant(1000)]).toEqual([number.key, true])
    marker.answer(number)
    marker.follow(all.slice(1), 2000)
    expect([marker.key, marker.canBeMeant(2000)]).toEqual([address.key, true])
    marker.follow(all.slice(2), 3000) // the captions have changed: it was heard otherwise
    expect([marker.key === address.key, marker.canBeMeant(3000 + READ_MS - 1), marker.canBeMeant(3000 + READ_MS)]).toEqual([false, false, true])
  })

  it('that were left do not come back', () => {
    expect(fields(form(), ['number:13800123456', 'class:0101'])).toEqual(['address', 'address', 'urgency'])
  })

  it('fill only what says nothing yet', () => {
    const changes = placeChanges(candidate('忠实里西区3号楼', '13', '13007'), form({ community_code: '13007', street_code: '13' }))
    expect(changes).toMatchObject({ address: '忠实里西区3号楼', street_code: '13', community_code: '13007' })
    expect(changes.place?.unit_grid_code).toBe('13007001')
    expect(changes).not.toHaveProperty('component')
    expect(withLine('电梯坏了。\n', '联系电话：1')).toBe('电梯坏了。\n联系电话：1')
    expect(withLine(' ', '联系电话：1')).toBe('联系电话：1')
  })

  it('let a component go that stands elsewhere', () => {
    const lamp = { code: 'c', name: '路灯', unit_grid_code: '13009002' }
    const taken = (content: Partial<DraftContent>) => placeChanges(candidate('忠实里西区3号楼', '13', '13007'), form({ street_code: '13', ...content }))
    expect(taken({ component: lamp }).component).toBeNull()
    expect(taken({ component: { ...lamp, unit_grid_code: '13007002' } })).not.toHaveProperty('component')
  })
})
