import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ExcerptPlayer } from '@/pages/quality/excerpt'

const refusals: ((reason: Error) => void)[] = []
const settled = () => new Promise((resolve) => setTimeout(resolve))

beforeEach(() => {
  refusals.length = 0
  vi.spyOn(HTMLMediaElement.prototype, 'play').mockImplementation(() => new Promise((_, refuse) => refusals.push(refuse)))
  vi.spyOn(HTMLMediaElement.prototype, 'pause').mockImplementation(() => {})
})
afterEach(() => vi.restoreAllMocks())

describe('an excerpt', () => {
  it('that cannot be played has ended', async () => {
    const ended = vi.fn()
    new ExcerptPlayer(ended).play('/a', 0, 1_000)
    refusals[0]?.(new Error('no sound'))
    await settled()
    expect(ended).toHaveBeenCalledOnce()
  })

  it('goes on when the one before it is broken off for its sake', async () => {
    const ended = vi.fn()
    const player = new ExcerptPlayer(ended)
    player.play('/a', 0, 1_000)
    player.play('/b', 0, 1_000)
    refusals[0]?.(new Error('interrupted by a new load'))
    await settled()
    expect(ended).not.toHaveBeenCalled()
  })
})
