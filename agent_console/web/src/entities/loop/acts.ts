import type { Permission } from '@/entities/session/store'
import type { LoopView, TaskView, UnitKind, UnitTaskDetail } from '@/transport/messages.gen'

/** The kinds of units that handle cases, and those that do so in the large loop 大循环. */
export const HANDLING: readonly UnitKind[] = ['street', 'community', 'department']
export const DEPARTMENTS: readonly UnitKind[] = ['department']

/** What a person can do with a case or a task, and what is asked for it before it is sent. */
export interface Act {
  /** The last part of its address, and its name in the words. */
  name: string
  /** The field of the text that is asked for; `optional` if it may stay empty. */
  text?: 'reason' | 'note' | 'result' | 'what'
  optional?: boolean
  /** The field of the moment that is asked for; one that says when something was agreed on may stay empty. */
  moment?: 'until' | 'agreed_at'
  amount?: boolean
  /** Units with their roles, or just units. */
  units?: 'roles' | 'codes'
  primary?: boolean
  /** It cannot be taken back: the words say so before it is sent. */
  final?: boolean
  /** The letter that starts it at a desk. */
  key?: string
}

const CASE_ACTS: (Act & { move: string; needs: Permission[] })[] = [
  { name: 'dispatch', move: 'dispatched', needs: ['cases.dispatch'], units: 'roles', text: 'reason', optional: true, primary: true, key: 'd' },
  { name: 'coordination', move: 'coordination_decided', needs: ['cases.coordinate'], units: 'roles', text: 'reason', primary: true, key: 'd' },
  { name: 'verification', move: 'verified', needs: ['cases.verify'], text: 'note', optional: true, primary: true, key: 'v' },
  { name: 'rework', move: 'sent_back_for_rework', needs: ['cases.verify'], text: 'reason', key: 'r' },
  { name: 'closing', move: 'closed', needs: ['cases.verify'], primary: true, key: 'c' },
  { name: 'out-of-scope', move: 'declared_out_of_scope', needs: ['cases.dispatch'], text: 'reason', key: 'o' },
  { name: 'hardness', move: 'declared_hard', needs: ['cases.dispatch'], text: 'reason', final: true, key: 'h' },
  { name: 'suspension', move: 'suspended', needs: ['cases.grant'], moment: 'until', text: 'reason', key: 's' },
  { name: 'resumption', move: 'resumed', needs: ['cases.grant'], key: 'g' },
  { name: 'supervision', move: 'supervision_ordered', needs: ['cases.supervise'], text: 'reason', key: 'u' },
  { name: 'urging', move: 'urged', needs: ['cases.file', 'cases.dispatch'], text: 'note', optional: true, key: 'n' },
  { name: 'withdrawal', move: 'withdrawn', needs: ['cases.file', 'cases.dispatch'], text: 'reason', key: 'w' },
]

/** What this person may do with the case as it stands; guards on the server may still stand against it. */
export function caseActs(loop: LoopView, may: (needs: readonly Permission[]) => boolean): Act[] {
  const again = (act: Act) => act.name === 'hardness' && loop.hard
  return CASE_ACTS.filter((act) => loop.moves.includes(act.move) && may(act.needs) && !again(act))
}

/** What a reviewer may say of an appeal. */
export const APPEAL_ACTS: Act[] = [
  { name: 'appeal-agree', text: 'reason', primary: true },
  { name: 'appeal-decline', text: 'reason' },
]

const leadsForStreet = (task: TaskView) => task.role === 'lead' && task.unit_kind === 'street'

/** What the unit may do with its task as it stands. */
export function taskActs({ summary: { task, case_status }, reachable, may_appeal }: UnitTaskDetail): Act[] {
  if (may_appeal) return [{ name: 'appeal', text: 'reason' }]
  if (case_status !== 'handling') return []
  if (task.state === 'sent') {
    const sign: Act = { name: 'signature', primary: true }
    return task.binding || task.role === 'reply' || task.role === 'site' ? [sign] : [sign, { name: 'refusal', text: 'reason' }]
  }
  if (task.state !== 'signed') return []
  return [
    ...(reachable ? [{ name: 'contact', text: 'note', moment: 'agreed_at' } as const] : []),
    { name: 'report', text: 'result', primary: true },
    ...(task.role === 'lead' ? [{ name: 'extensions', text: 'reason', amount: true } as const] : []),
    ...(leadsForStreet(task)
      ? ([
          { name: 'whistle', text: 'what', units: 'codes' },
          { name: 'escalation', text: 'reason' },
        ] as const)
      : []),
  ]
}
