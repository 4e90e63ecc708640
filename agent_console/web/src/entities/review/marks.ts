import { isOfWholeCall } from '@/entities/quality/hits'
import type { SheetAnswers, HitView, Verdict } from '@/transport/messages.gen'

/** Something on a leg of a recording (null: on both), drawn in the colour of this name. */
export interface Mark {
  id: string
  from_ms: number
  to_ms: number
  leg: 'caller' | 'seat' | null
  colour: string
}

const COLOURS = { fatal: '--danger', major: '--ringing', minor: '--wrap-up', praise: '--ready' } as const

export const TONES = { fatal: 'bad', major: 'wait', minor: 'soft', praise: 'good' } as const

/** The hits of a call and the reviewer's remarks as marks on its waveform; what is about the whole call marks no place. */
export function marksOf(hits: readonly HitView[], answers: SheetAnswers, lengthMs: number | null): Mark[] {
  const placed = hits.filter((hit) => !isOfWholeCall(hit, lengthMs))
  return [
    ...placed.map(({ hit_id, from_ms, to_ms, leg, severity }) => ({ id: hit_id, from_ms, to_ms, leg, colour: COLOURS[severity] })),
    ...answers.remarks.map(({ from_ms, to_ms }, index) => ({ id: `remark-${index}`, from_ms, to_ms, leg: null, colour: '--accent' })),
  ]
}

/** The hit after or before this one, round and round; the first or the last when none is chosen. */
export function nextHit(hits: readonly HitView[], chosen: string | null, by: 1 | -1): HitView | undefined {
  const at = hits.findIndex((hit) => hit.hit_id === chosen)
  if (at < 0) return by > 0 ? hits[0] : hits.at(-1)
  return hits[(at + by + hits.length) % hits.length]
}

/** The answers once a hit is judged so; the same verdict again takes it back. */
export function judged(answers: SheetAnswers, hitId: string, verdict: Verdict): SheetAnswers {
  const hits = { ...answers.hits }
  if (hits[hitId] === verdict) delete hits[hitId]
  else hits[hitId] = verdict
  return { ...answers, hits }
}
