import { describe, expect, it } from 'vitest'
import { emptyContent } from '@/entities/draft/sync'
import { addressOf, choiceOf, componentOf, componentStillThere, placeOf, stillThere, worthAsking } from '@/entities/place/place'
import type { ComponentOffer, PlaceCandidate } from '@/transport/messages.gen'

const candidate: PlaceCandidate = {
  text: '忠实里西区3号楼',
  rest: '门口',
  address: '忠实里西区3号楼',
  place_code: '11010101304091',
  longitude: 116.43,
  latitude: 39.89,
  location: {
    street: { code: '110101013', name: '东花市街道' },
    community: { code: '110101013007', name: '忠实里社区' },
    base_grid: { code: '11010101300702', name: '忠实里社区第2网格', kind: 'residential', attention: 'routine' },
    unit_grid: '110101013007005',
  },
  found: 'building',
  score: 96,
  why: 'initials',
}

describe('an address that was chosen', () => {
  it('fills the field with what is known better and keeps what was typed behind it', () => {
    expect(addressOf(candidate)).toBe('忠实里西区3号楼门口')
  })

  it('places the case, but a road alone does not', () => {
    expect(choiceOf(candidate)).toMatchObject({ text: '忠实里西区3号楼', unit_grid_code: '110101013007005' })
    const road = { ...candidate, location: { ...candidate.location, base_grid: null, unit_grid: null } }
    expect(choiceOf({ ...road, longitude: null, latitude: null })).toBeNull()
  })

  it('stays only as long as the form says the same', () => {
    const content = {
      ...emptyContent(),
      address: '忠实里西区3号楼门口',
      street_code: '110101013',
      community_code: '110101013007',
      place: choiceOf(candidate),
    }
    expect(stillThere(content)).toBe(true)
    expect(stillThere({ ...content, address: '忠实里西区3号楼北侧' })).toBe(true)
    expect(stillThere({ ...content, community_code: '' })).toBe(true)
    expect(stillThere({ ...content, address: '忠实里西区4号楼' })).toBe(false)
    expect(stillThere({ ...content, street_code: '110101001', community_code: '' })).toBe(false)
    expect(stillThere({ ...content, community_code: '110101013001' })).toBe(false)
    expect(stillThere({ ...content, street_code: '' })).toBe(false)
    expect(stillThere(emptyContent())).toBe(true)
  })
})

describe('a component that was chosen', () => {
  const { location, longitude, latitude } = candidate
  const lamp: ComponentOffer = { code: '1101010108000001', name: '路灯', longitude: longitude!, latitude: latitude!, metres: 12, location }

  it('places the case where it stands, whatever the address says', () => {
    const place = placeOf(lamp)
    expect(place).toMatchObject({ text: '', place_code: null, unit_grid_code: '110101013007005', grid_name: '忠实里社区第2网格' })
    expect(stillThere({ ...emptyContent(), address: '路口', street_code: '110101013', place })).toBe(true)
  })

  it('is let go once the form says another street or community', () => {
    const content = { ...emptyContent(), street_code: '110101013', community_code: '110101013007', component: componentOf(lamp) }
    expect(componentStillThere(content)).toBe(true)
    expect(componentStillThere({ ...content, community_code: '' })).toBe(true)
    expect(componentStillThere({ ...content, community_code: '110101013001' })).toBe(false)
    expect(componentStillThere({ ...content, street_code: '110101001', community_code: '' })).toBe(false)
    expect(componentStillThere({ ...content, street_code: '' })).toBe(false)
    expect(componentStillThere(emptyContent())).toBe(true)
  })
})

it.each([
  ['', false],
  ['z', false],
  ['zs', true],
  ['忠', true],
  [' 3 ', false],
])('asks for %j: %s', (typed, worth) => {
  expect(worthAsking(typed)).toBe(worth)
})
