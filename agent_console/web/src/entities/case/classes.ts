import type { CaseClass, ConditionView, Urgency } from '@/transport/messages.gen'

/** The way down to a class, with what its major class is one of: 部件 公用设施 / 上水井盖. */
export function classPath({ group_name, path }: Pick<CaseClass, 'group_name' | 'path'>): string {
  return [group_name, path.join(' / ')].filter(Boolean).join(' ')
}

/** The filing condition that holds for a class: its own, else that of the nearest class above that has one. */
export function conditionOf(conditions: readonly ConditionView[], code: string): ConditionView | null {
  const above = conditions.filter(({ class_code }) => code.startsWith(class_code))
  return above.sort((a, b) => b.class_code.length - a.class_code.length)[0] ?? null
}

/** The urgency follows the class while it is what the class chosen before began with; a person's own choice stays. */
export function urgencyAfter(before: CaseClass | undefined, after: CaseClass | undefined, urgency: string): string {
  const asTheClassSays: Urgency = before?.urgency ?? 'normal'
  return urgency === asTheClassSays ? (after?.urgency ?? 'normal') : urgency
}
