import { CircleAlert, Info, OctagonAlert, ThumbsUp } from '@lucide/vue'
import type { HitView, TurnView } from '@/transport/messages.gen'

type Severity = HitView['severity']

/** How each severity looks: colour, icon and (under `quality.severity`) a word. */
export const SEVERITY_LOOKS = {
  fatal: { tone: 'bad', icon: OctagonAlert },
  major: { tone: 'wait', icon: CircleAlert },
  minor: { tone: 'plain', icon: Info },
  praise: { tone: 'good', icon: ThumbsUp },
} as const satisfies Record<Severity, unknown>

const SPAN_MS = 400

/** The hits that belong to a turn: of its leg, over its time; what spans far more than the turn is of no turn. */
export function hitsOfTurn(hits: readonly HitView[], turn: TurnView): HitView[] {
  const length = turn.end_ms - turn.start_ms
  return hits.filter(
    (hit) =>
      hit.leg === turn.leg &&
      hit.from_ms < turn.end_ms + SPAN_MS &&
      hit.to_ms > turn.start_ms - SPAN_MS &&
      hit.to_ms - hit.from_ms <= length + 2 * SPAN_MS,
  )
}

/** Nearly as long as the call: it is about the whole of it, and no place in it. */
const WHOLE = 0.9

export function isOfWholeCall({ from_ms, to_ms }: Pick<HitView, 'from_ms' | 'to_ms'>, lengthMs: number | null): boolean {
  return !!lengthMs && to_ms - from_ms >= WHOLE * lengthMs
}

/** The title of a rule in the language of the screen. */
export function titleIn(locale: string, title: { zh: string; en: string }): string {
  return locale.startsWith('zh') ? title.zh : title.en
}
