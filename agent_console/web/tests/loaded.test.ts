import { describe, expect, it } from 'vitest'
import { useLoaded } from '@/lib/loaded'
import { localError } from '@/transport/problem'

/** A server whose answers come when, and in the order in which, the test says. */
function slowServer() {
  const asked: { answer: (value: string) => Promise<void>; fail: () => Promise<void> }[] = []
  const settled = () => new Promise<void>((resolve) => setTimeout(resolve))
  const fetch = () =>
    new Promise<string>((resolve, reject) => {
      asked.push({
        answer: (value) => (resolve(value), settled()),
        fail: () => (reject(localError('Unreachable', '')), settled()),
      })
    })
  return { asked, fetch }
}

describe('one thing asked of the server', () => {
  it('is what the newest question brought, in whatever order the answers come', async () => {
    const { asked, fetch } = slowServer()
    const shown = useLoaded(fetch)
    void shown.load()
    void shown.load()
    await asked[1]?.answer('newer')
    await asked[0]?.answer('older')
    expect(shown.value.value).toBe('newer')
    expect(shown.loading.value).toBe(false)
  })

  it('does not become a failure by a question that was overtaken', async () => {
    const { asked, fetch } = slowServer()
    const shown = useLoaded(fetch)
    void shown.load()
    void shown.load()
    await asked[0]?.fail()
    expect([shown.error.value, shown.loading.value]).toEqual([null, true])
    await asked[1]?.answer('newer')
    expect([shown.value.value, shown.error.value, shown.loading.value]).toEqual(['newer', null, false])
  })

  it('stays as it was shown when asking again fails', async () => {
    const { asked, fetch } = slowServer()
    const shown = useLoaded(fetch)
    void shown.load()
    await asked[0]?.answer('kept')
    void shown.load()
    await asked[1]?.fail()
    expect([shown.value.value, shown.error.value?.problem.error]).toEqual(['kept', 'Unreachable'])
  })
})
