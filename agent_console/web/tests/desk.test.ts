import { describe, expect, it } from 'vitest'
import { following, keyOf, neighbour } from '@/entities/desk/queue'
import { letterOf } from '@/lib/keys'
import type { DeskItem, Matter } from '@/transport/messages.gen'

const item = (id: string, matter: Matter = 'dispatch') => ({ case: { case_id: id }, matter }) as DeskItem
const [a, b, c] = [item('a'), item('b'), item('c')]

describe('a queue that is worked through', () => {
  it('goes from case to case and stops at its ends', () => {
    expect(neighbour([a, b, c], a, 1)).toBe(b)
    expect(neighbour([a, b, c], c, 1)).toBe(c)
    expect(neighbour([a, b, c], a, -1)).toBe(a)
    expect(neighbour([a, b, c], item('gone'), 1)).toBe(a)
    expect(neighbour([], a, 1)).toBeNull()
  })

  it('brings what stood behind the case that was dealt with, whatever came or went meanwhile', () => {
    const fresh = item('fresh')
    expect(following([a, b, c], [fresh, a, c], b)).toBe(c)
    expect(following([a, b, c], [fresh, a], b)).toBe(a)
    expect(following([a, b], [a], b)).toBe(a)
    expect(following([a], [], a)).toBeNull()
    expect(following([a, b], [a, b], a)).toBe(b)
  })

  it('tells apart one case that waits for two reasons', () => {
    const twice = [item('a', 'overdue'), item('a', 'extension')]
    expect(new Set(twice.map(keyOf)).size).toBe(2)
    expect(following(twice, twice.slice(1), twice[0]!)).toBe(twice[1])
  })
})

it('knows a letter whatever an input method makes of it', () => {
  expect(letterOf({ code: 'KeyJ', key: 'Process' })).toBe('j')
  expect(letterOf({ code: 'ArrowDown', key: 'ArrowDown' })).toBe('ArrowDown')
})
