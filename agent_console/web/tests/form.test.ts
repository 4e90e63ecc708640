import { describe, expect, it } from 'vitest'
import { classPath, conditionOf, urgencyAfter } from '@/entities/case/classes'
import { callbackWish, caseForm, formField, validate } from '@/entities/case/form'
import { emptyContent } from '@/entities/draft/sync'
import { turnAt } from '@/pages/call/following'
import { keyName } from '@/lib/keys'
import type { CaseClass, ConditionView } from '@/transport/messages.gen'

const NOW = Date.parse('2026-11-22T02:00:00Z')
const complete = {
  ...emptyContent(),
  what: ' 漏水 ',
  street_code: 'S1',
  class_code: 'WY',
  callback_due_at: '2026-11-23T01:30:00.000Z',
}

describe('the form', () => {
  it('is ready when it names what, where, which class and when to call back', () => {
    expect(validate(complete, NOW)).toEqual({})
  })

  it('names each field at fault', () => {
    expect(Object.keys(validate(emptyContent(), NOW)).sort()).toEqual([
      'callback_due_at',
      'class_code',
      'street_code',
      'what',
    ])
    expect(validate({ ...complete, what: ' \n' }, NOW)).toHaveProperty('what')
    expect(validate({ ...complete, answered_at_once: true }, NOW)).toHaveProperty('answer')
    expect(validate({ ...complete, callback_due_at: '2026-11-22T02:00:00Z' }, NOW)).toEqual({
      callback_due_at: 'form.error.callback_past',
    })
  })

  it('asks for the address of a visit in person', () => {
    expect(validate({ ...complete, callback_way: 'visit' }, NOW)).toHaveProperty('address')
    expect(validate({ ...complete, callback_way: 'visit', address: '忠实里' }, NOW)).toEqual({})
  })

  it('asks for no time where no callback is wished', () => {
    const content = { ...complete, callback_wanted: false, callback_due_at: '' }
    expect(validate(content, NOW)).toEqual({})
    expect(callbackWish(content)).toBeNull()
  })

  it('becomes a case without what does not belong to it', () => {
    const form = caseForm({ ...complete, answer: '已改作他用' }, 'r1', 'd1', 'hotline-1.6')
    expect(form).toMatchObject({ request_id: 'r1', draft_id: 'd1', call_id: 'hotline-1.6', what: '漏水' })
    expect(form).toMatchObject({ community_code: null, answer: '' })
  })

  it.each([
    ['case.street_code', 'street_code'],
    ['street_code', 'street_code'],
    ['callback.due_at', 'callback_due_at'],
    ['way', 'callback_way'],
    ['request_id', null],
    [null, null],
  ])('finds the field that the server calls %s', (named, field) => {
    expect(formField(named)).toBe(field)
  })
})

describe('the class', () => {
  const condition = (class_code: string, more: Partial<ConditionView> = {}): ConditionView => ({
    class_code,
    needs: [],
    asks: [],
    redirect_to: '',
    reason: '',
    ...more,
  })
  const begins = (urgency: CaseClass['urgency']) => ({ urgency }) as CaseClass

  it('shows the whole way down with its group', () => {
    expect(classPath({ group_name: '部件', path: ['公用设施', '上水井盖'] })).toBe('部件 公用设施 / 上水井盖')
    expect(classPath({ group_name: '', path: ['物业管理'] })).toBe('物业管理')
  })

  it('has the condition of the nearest class above that has one', () => {
    const all = [condition('02'), condition('0201', { needs: ['address'] }), condition('B01')]
    expect(conditionOf(all, '020105')?.class_code).toBe('0201')
    expect(conditionOf(all, '0202')?.class_code).toBe('02')
    expect(conditionOf(all, '03')).toBeNull()
  })

  it('asks for what its condition needs, unless it was answered at once', () => {
    const needs = condition('14', { needs: ['address', 'citizen_name'] })
    expect(Object.keys(validate({ ...complete, address: '忠实里' }, NOW, needs))).toEqual(['citizen_name'])
    const answered = { ...complete, answered_at_once: true, answer: '已告知' }
    expect(validate(answered, NOW, needs)).toEqual({})
    expect(validate(complete, NOW, condition('16', { redirect_to: '110' }))).toHaveProperty('class_code')
    expect(validate(answered, NOW, condition('16', { redirect_to: '110' }))).toEqual({})
  })

  it('brings its urgency, never against the choice of a person', () => {
    expect(urgencyAfter(undefined, begins('urgent'), 'normal')).toBe('urgent')
    expect(urgencyAfter(begins('urgent'), begins('normal'), 'urgent')).toBe('normal')
    expect(urgencyAfter(begins('urgent'), begins('normal'), 'emergency')).toBe('emergency')
    expect(urgencyAfter(begins('urgent'), undefined, 'urgent')).toBe('normal')
  })
})

it('follows the player turn by turn', () => {
  const turns = [0, 4_000, 8_000].map((start_ms) => ({ leg: 'caller' as const, start_ms, end_ms: start_ms + 1, text: '', written: '', hides: false }))
  expect([-1, 0, 3_999, 4_000, 99_999].map((ms) => turnAt(turns, ms))).toEqual([-1, 0, 0, 1, 2])
  expect(turnAt([], 5)).toBe(-1)
})

it.each([
  [{ key: 'F2' }, 'F2'],
  [{ key: 'Enter', ctrlKey: true }, 'Ctrl+Enter'],
  [{ key: 'Enter', metaKey: true }, 'Ctrl+Enter'],
  [{ key: '¡', code: 'Digit1', altKey: true }, 'Alt+1'],
])('reads a key', (pressed, name) => {
  expect(keyName({ code: '', ctrlKey: false, metaKey: false, altKey: false, ...pressed })).toBe(name)
})
