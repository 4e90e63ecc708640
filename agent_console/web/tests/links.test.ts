import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, expect, test } from 'vitest'
import { linkHealth, useConnection } from '@/entities/session/connection'
import { setServerTime } from '@/lib/clock'

const NOW = '2026-11-22T04:00:30Z'
const live = (host: string, as_of = NOW) => ({ host, state: 'live', as_of })

beforeEach(() => {
  setActivePinia(createPinia())
  setServerTime(NOW)
})

test('a link is live, stale when nobody has spoken of it for long, or away', () => {
  const now = Date.parse(NOW)
  expect(linkHealth(live('hotline'), now).kind).toBe('live')
  expect(linkHealth(live('hotline', '2026-11-22T04:00:00Z'), now)).toEqual({ kind: 'stale', seconds: 30 })
  expect(linkHealth({ host: 'hotline', state: 'backing_off', as_of: NOW }, now).kind).toBe('away')
})

test('a seat is told of its own PBX, who has no seat of the one that is worst off', () => {
  const connection = useConnection()
  connection.links = [live('hotline'), live('labour')]
  connection.linkChanged({ host: 'labour', state: 'backing_off', as_of: NOW })
  expect(connection.linkOf('hotline').state).toBe('live')
  expect(connection.linkOf('labour').state).toBe('backing_off')
  expect(connection.linkOf().host).toBe('labour')
})
