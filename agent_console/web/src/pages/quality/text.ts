/** What a new rule begins as; it says what a rule has, and proves itself. */
export const NEW_RULE = `id: new-rule
version: 1
kind: forbidden_words
title: {zh: 新规则, en: New rule}
severity: minor
points: 1
phrases: [等着吧]
examples:
  - name: found
    talk:
      - {who: seat, at_s: 1.0, say: "那 您 就 等着吧"}
    finds: [{text: 等着吧}]
  - name: not found
    talk:
      - {who: seat, at_s: 1.0, say: "请 您 稍等"}
    finds: []
`

/** The text of a standing rule as the next version of it. */
export function nextVersion(text: string, version: number): string {
  return text.replace(/^version: .*$/m, `version: ${version + 1}`)
}

/** The day before one. */
export function dayBefore(day: string): string {
  const before = new Date(`${day}T00:00:00Z`)
  before.setUTCDate(before.getUTCDate() - 1)
  return before.toISOString().slice(0, 10)
}

/** The days of a trial unless somebody chooses others: the last thirty, in the hall's time. */
export function lastMonth(today: string): [string, string] {
  const first = new Date(`${today}T00:00:00Z`)
  first.setUTCDate(first.getUTCDate() - 29)
  return [first.toISOString().slice(0, 10), today]
}
