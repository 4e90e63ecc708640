import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LineWatch } from '../src/softphone/linewatch'

const line = { connected: vi.fn(() => true), ask: vi.fn(() => Promise.resolve()), reconnect: vi.fn() }
const watch = new LineWatch(line)

beforeEach(() => {
  vi.stubGlobal('window', new EventTarget())
  vi.useFakeTimers()
  line.ask.mockImplementation(() => Promise.resolve())
  line.reconnect.mockClear()
  watch.start()
})

afterEach(() => {
  watch.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

test('a line that answers stays as it is', async () => {
  await vi.advanceTimersByTimeAsync(60_000)
  expect(line.reconnect).not.toHaveBeenCalled()
})

test('a line without an answer is made anew', async () => {
  line.ask.mockImplementation(() => new Promise(() => undefined))
  await vi.advanceTimersByTimeAsync(6_000)
  expect(line.reconnect).toHaveBeenCalledOnce()
})

test('after a sleep the line is made anew, without waiting for an answer on the old one', async () => {
  vi.setSystemTime(Date.now() + 15 * 60_000)
  await vi.advanceTimersByTimeAsync(3_000)
  expect(line.reconnect).toHaveBeenCalledOnce()
})

test('the line is made anew when the network is back', () => {
  window.dispatchEvent(new Event('online'))
  expect(line.reconnect).toHaveBeenCalledOnce()
})
