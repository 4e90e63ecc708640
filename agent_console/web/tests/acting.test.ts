import { describe, expect, it } from 'vitest'
import { useActing } from '@/entities/loop/acting'
import type { Act } from '@/entities/loop/acts'
import { ApiError, OFFLINE } from '@/transport/problem'

const SUPERVISE: Act = { name: 'supervision', text: 'reason' }
const problem = (error: string) => new ApiError({ error, message: '', kept: '', next_step: '', field: null, facts: {} })

/** A case that moves on by itself, and what was sent about it. */
function ground(answers: (ApiError | null)[], reload: () => Promise<unknown> = async () => {}) {
  const sent: Record<string, unknown>[] = []
  const stands = { version: 1, done: 0 }
  const acting = useActing<Act>({
    version: () => stands.version,
    move: async (_, body) => {
      sent.push(body)
      const refused = answers.shift()
      if (refused) throw refused
    },
    reload,
    done: () => (stands.done += 1),
  })
  return { acting, sent, stands }
}

const settled = () => new Promise((done) => setTimeout(done))

describe('an act that asks for words', () => {
  it('is made on the case as it was seen when the question came up', async () => {
    const { acting, sent, stands } = ground([problem('CaseChangedMeanwhile'), null])
    acting.start(SUPERVISE)
    stands.version = 2
    await acting.send(SUPERVISE, { reason: 'now' })
    expect(sent).toEqual([{ version: 1, reason: 'now' }])
    expect(acting.asking.value).toBe(SUPERVISE)
    await acting.send(SUPERVISE, { reason: 'now' })
    expect(sent.at(-1)).toEqual({ version: 2, reason: 'now' })
    expect([acting.asking.value, stands.done]).toEqual([null, 1])
  })

  it('keeps to what was seen when nobody knows whether it was done', async () => {
    const { acting, sent, stands } = ground([problem(OFFLINE), problem('CaseChangedMeanwhile')])
    acting.start(SUPERVISE)
    await acting.send(SUPERVISE, { reason: 'now' })
    stands.version = 2
    await acting.send(SUPERVISE, { reason: 'now' })
    expect(sent.map((each) => each.version)).toEqual([1, 1])
    expect(acting.asking.value).toBe(SUPERVISE)
  })

  it('waits for the act before it to be shown, is made on that, and only once', async () => {
    const shows: (() => void)[] = []
    const { acting, sent, stands } = ground([], () => new Promise<void>((done) => shows.push(done)))
    acting.start(SUPERVISE)
    const first = acting.send(SUPERVISE, { reason: 'one' })
    await settled()
    expect([acting.asking.value, acting.busy.value]).toEqual([null, true])
    acting.start(SUPERVISE)
    const second = acting.send(SUPERVISE, { reason: 'two' })
    void acting.send(SUPERVISE, { reason: 'two' })
    acting.start({ name: 'closing' })
    await settled()
    expect(sent).toEqual([{ version: 1, reason: 'one' }])
    stands.version = 2
    shows.shift()?.()
    await first
    await settled()
    expect(sent).toEqual([{ version: 1, reason: 'one' }, { version: 2, reason: 'two' }])
    shows.shift()?.()
    await second
    expect([acting.asking.value, acting.busy.value, stands.done]).toEqual([null, false, 2])
  })

  it('is forgotten only by the person', async () => {
    const { acting } = ground([problem('RefusedBefore')])
    acting.start(SUPERVISE)
    await acting.send(SUPERVISE, { reason: 'now' })
    expect(acting.problem.value?.problem.error).toBe('RefusedBefore')
    acting.close()
    expect([acting.asking.value, acting.problem.value]).toEqual([null, null])
  })
})

it('is sent at once where nothing is asked for', async () => {
  const { acting, sent } = ground([null])
  acting.start({ name: 'closing' })
  await Promise.resolve()
  expect(sent).toEqual([{ version: 1 }])
})
