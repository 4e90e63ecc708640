import { describe, expect, it } from 'vitest'
import { find, findClasses } from '@/lib/search'
import type { CaseClass } from '@/transport/messages.gen'

const each = (code: string, path: string[], pinyin: string, initials: string, aliases: string[] = []): CaseClass => ({
  code,
  name: path.at(-1) as string,
  path,
  pinyin,
  initials,
  aliases,
  scheme: 'own',
  group_name: '',
  limit_kind: 'working_days',
  limit_amount: 5,
  urgency: 'normal',
  duty: 'street',
})
const CLASSES = [
  each('1', ['城市管理', '物业管理'], 'wuyeguanli', 'wygl'),
  each('2', ['城市管理', '施工管理'], 'shigongguanli', 'sggl'),
  each('3', ['城市管理', '施工管理', '夜间施工'], 'yejianshigong', 'yjsg', ['施工扰民']),
  each('4', ['公用事业', '供暖'], 'gongnuan', 'gn', ['暖气']),
]
const codes = (typed: string) => findClasses(CLASSES, typed).map(({ code }) => code)

describe('finding a class', () => {
  it.each([
    ['物业', ['1']],
    ['wygl', ['1']],
    ['WYGL', ['1']],
    ['wuye', ['1']],
    ['gn', ['4']],
    ['暖气', ['4']],
    ['gongnuan', ['4']],
    ['guan li', ['1', '2']],
    ['没有这个', []],
  ])('finds by %s', (typed, found) => {
    expect(codes(typed)).toEqual(found)
  })

  it('puts a name that begins with the words before one that only contains them', () => {
    expect(codes('施工')).toEqual(['2', '3'])
    expect(codes('施工扰民')[0]).toBe('3')
  })

  it('finds what lies under a class by the name of that class, last', () => {
    expect(codes('城市管理')).toEqual(['1', '2', '3'])
    expect(codes('施工管理')).toEqual(['2', '3'])
  })

  it('offers everything while nothing is typed', () => {
    expect(codes('  ')).toEqual(['1', '2', '3', '4'])
  })
})

it('finds streets and communities whose spelling is not known by name alone', () => {
  const streets = [
    { name: '东花市街道', pinyin: '', initials: '' },
    { name: '和平里街道', pinyin: 'hepinglijiedao', initials: 'hpljd' },
  ]
  expect(find(streets, '花市').map(({ name }) => name)).toEqual(['东花市街道'])
  expect(find(streets, 'hpl').map(({ name }) => name)).toEqual(['和平里街道'])
})
