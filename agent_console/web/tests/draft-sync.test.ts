import { describe, expect, it } from 'vitest'
import * as sync from '@/entities/draft/sync'
import type { DraftContent, DraftView } from '@/transport/messages.gen'

const NOW = Date.parse('2026-11-22T02:00:00Z')
const words = (what: string): DraftContent => ({ ...sync.emptyContent(), what })
const view = (revision: number, what: string, at = NOW): DraftView => ({
  draft_id: 'd1',
  call_id: 'hotline-1.6',
  revision,
  content: words(what),
  saved_at: new Date(at).toISOString(),
})
const local = (what: string, revision: number, dirty: boolean, at = NOW): sync.DraftRecord => ({
  draftId: 'd1',
  callId: 'hotline-1.6',
  revision,
  content: words(what),
  dirty,
  editedAt: at,
  savedAt: null,
})

describe('a save', () => {
  it('leaves the draft clean, on the revision that the server gave', () => {
    const after = sync.saved(local('漏水', 3, true), view(4, '漏水'), words('漏水'))
    expect(after).toMatchObject({ revision: 4, dirty: false })
  })

  it('leaves it unsaved where typing went on meanwhile, on the new revision', () => {
    const after = sync.saved(local('漏水两次', 3, true), view(4, '漏水'), words('漏水'))
    expect(after).toMatchObject({ revision: 4, dirty: true })
    expect(after.content.what).toBe('漏水两次')
  })
})

describe('meeting the server again', () => {
  it('takes over what this console does not have', () => {
    expect(sync.merge(null, view(2, '漏水'))).toMatchObject({ revision: 2, dirty: false, draftId: 'd1' })
  })

  it('takes the higher revision where nothing here is unsaved', () => {
    expect(sync.merge(local('旧', 1, false), view(2, '新')).content.what).toBe('新')
    expect(sync.merge(local('新', 2, false), view(1, '旧')).content.what).toBe('新')
  })

  it('keeps what was typed while the server was away, on top of its revision', () => {
    const merged = sync.merge(local('离线时写的', 3, true, NOW + 5_000), view(4, '先前保存的', NOW))
    expect(merged).toMatchObject({ revision: 4, dirty: true })
    expect(merged.content.what).toBe('离线时写的')
  })

  it('knows a save whose answer was lost', () => {
    expect(sync.merge(local('同样的话', 3, true), view(4, '同样的话'))).toMatchObject({ revision: 4, dirty: false })
  })

  it('lets the later words win where another tab saved after this one was typed in', () => {
    expect(sync.merge(local('早', 3, true, NOW), view(4, '晚', NOW + 60_000)).content.what).toBe('晚')
  })

  it('never loses unsaved words to a revision that they were built on', () => {
    const merged = sync.merge(local('更多', 4, true, NOW), view(4, '少', NOW + 60_000))
    expect(merged.content.what).toBe('更多')
  })
})

describe('the badge', () => {
  const clean = { ...local('字', 1, false), savedAt: new Date(NOW).toISOString() }
  it.each([
    ['empty', null, false, true],
    ['saved', clean, false, true],
    ['typing', local('字', 1, true), false, true],
    ['saving', local('字', 1, true), true, true],
    ['local', local('字', 1, true), false, false],
  ] as const)('says %s', (said, record, saving, reachable) => {
    expect(sync.badge(record, saving, reachable)).toBe(said)
  })
})

it('sees whether a form holds words', () => {
  expect(sync.holdsWords(sync.emptyContent())).toBe(false)
  expect(sync.holdsWords({ ...sync.emptyContent(), callback_way: 'visit' })).toBe(false)
  expect(sync.holdsWords({ ...sync.emptyContent(), address: '忠实里' })).toBe(true)
})
