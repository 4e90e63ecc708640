import { describe, expect, it } from 'vitest'
import { caseActs, taskActs } from '@/entities/loop/acts'
import type { LoopView, TaskView, UnitTaskDetail } from '@/transport/messages.gen'

const names = (acts: readonly { name: string }[]) => acts.map((act) => act.name)
const task = (changes: Partial<TaskView>) => ({ role: 'lead', state: 'sent', unit_kind: 'street', binding: false, ...changes }) as TaskView
const detail = (changes: Partial<TaskView>, status = 'handling', reachable = true) =>
  ({ summary: { task: task(changes), case_status: status }, reachable }) as UnitTaskDetail

describe('what can be done with a case', () => {
  const loop = { moves: ['dispatched', 'declared_out_of_scope', 'urged', 'withdrawn'] } as LoopView

  it('is what the table allows and the roles permit', () => {
    expect(names(caseActs(loop, (needs) => needs.includes('cases.dispatch')))).toEqual(['dispatch', 'out-of-scope', 'urging', 'withdrawal'])
    expect(names(caseActs(loop, (needs) => needs.includes('cases.file')))).toEqual(['urging', 'withdrawal'])
    expect(names(caseActs(loop, (needs) => needs.includes('cases.verify')))).toEqual([])
  })

  it('is to declare it hard, once', () => {
    const waits = { ...loop, moves: ['dispatched', 'declared_hard'] } as LoopView
    expect(names(caseActs(waits, (needs) => needs.includes('cases.dispatch')))).toEqual(['dispatch', 'hardness'])
    expect(names(caseActs({ ...waits, hard: true }, (needs) => needs.includes('cases.dispatch')))).toEqual(['dispatch'])
    expect(names(caseActs(waits, (needs) => needs.includes('cases.verify')))).toEqual([])
  })
})

describe('what a unit can do with its task', () => {
  it('is to sign or to refuse, and only to sign what binds', () => {
    expect(names(taskActs(detail({})))).toEqual(['signature', 'refusal'])
    expect(names(taskActs(detail({ binding: true })))).toEqual(['signature'])
    expect(names(taskActs(detail({ role: 'reply' })))).toEqual(['signature'])
    expect(names(taskActs(detail({ role: 'site' })))).toEqual(['signature'])
  })

  it('offers a street that leads more than its helpers, and no contact with who stays unknown', () => {
    expect(names(taskActs(detail({ state: 'signed' })))).toEqual(['contact', 'report', 'extensions', 'whistle', 'escalation'])
    expect(names(taskActs(detail({ state: 'signed', role: 'help' }, 'handling', false)))).toEqual(['report'])
    expect(names(taskActs(detail({ state: 'signed', unit_kind: 'department' })))).toEqual(['contact', 'report', 'extensions'])
  })

  it('is an appeal after closing, where the server says that a clock of the unit ran out', () => {
    expect(names(taskActs({ ...detail({ state: 'reported' }, 'closed'), may_appeal: true }))).toEqual(['appeal'])
    expect(names(taskActs({ ...detail({ state: 'reported' }, 'closed'), may_appeal: false }))).toEqual([])
  })

  it('is nothing while the case rests, and nothing after the report', () => {
    expect(taskActs(detail({ state: 'signed' }, 'suspended'))).toEqual([])
    expect(taskActs(detail({ state: 'reported' }))).toEqual([])
  })
})
