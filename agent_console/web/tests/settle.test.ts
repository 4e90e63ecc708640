import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createApp, defineComponent } from 'vue'
import { useSettled } from '@/lib/settle'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** A page that acts once for a burst of calls with pauses of less than 100 ms. */
function page(action: () => void) {
  let call = () => {}
  const app = createApp(
    defineComponent({
      setup() {
        call = useSettled(action, 100)
        return () => null
      },
    }),
  )
  app.mount(document.createElement('div'))
  return { call: () => call(), leave: () => app.unmount() }
}

describe('a burst of calls', () => {
  it('is acted upon once, when it is over', () => {
    const action = vi.fn()
    const { call } = page(action)
    for (let n = 0; n < 4; n++) {
      call()
      vi.advanceTimersByTime(90)
    }
    expect(action).not.toHaveBeenCalled()
    vi.advanceTimersByTime(10)
    expect(action).toHaveBeenCalledOnce()
  })

  it('that goes on and on is acted upon all the same', () => {
    const action = vi.fn()
    const { call } = page(action)
    for (let n = 0; n < 100; n++) {
      call()
      vi.advanceTimersByTime(50)
    }
    expect(action.mock.calls.length).toBeGreaterThan(5)
  })

  it('is nothing to a page that was left', () => {
    const action = vi.fn()
    const { call, leave } = page(action)
    call()
    leave()
    vi.advanceTimersByTime(1_000)
    expect(action).not.toHaveBeenCalled()
  })
})
