import { expect, it } from 'vitest'
import { isOfWholeCall } from '@/entities/quality/hits'
import { marksOf } from '@/entities/review/marks'
import type { HitView, SheetAnswers } from '@/transport/messages.gen'

const ANSWERS = { items: {}, fatal: [], hits: {}, remarks: [{ from_ms: 1000, to_ms: 2000, text: '听' }], note: '' } as unknown as SheetAnswers
const hit = (hit_id: string, from_ms: number, to_ms: number) => ({ hit_id, from_ms, to_ms, leg: 'seat', severity: 'minor' }) as HitView

it('marks the place of a hit, and none for what is about the whole call', () => {
  const hits = [hit('place', 4000, 9000), hit('whole', 0, 60_000)]
  expect(marksOf(hits, ANSWERS, 60_000).map(({ id }) => id)).toEqual(['place', 'remark-0'])
  expect(hits.map((each) => isOfWholeCall(each, 60_000))).toEqual([false, true])
})

it('takes nothing for the whole of a call whose length is not known', () => {
  expect(isOfWholeCall(hit('whole', 0, 60_000), null)).toBe(false)
  expect(marksOf([hit('whole', 0, 60_000)], ANSWERS, null)).toHaveLength(2)
})
