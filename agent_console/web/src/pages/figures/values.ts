import { duration } from '@/lib/time'
import type { AverageView, FiguresView, MeasureView, ShareView } from '@/transport/messages.gen'

/** What a table or a tile shows where there is nothing to count. */
export const NOTHING = '—'

/** 96.4%; the last digit is cut and not rounded up, so that a target is never shown as met before it is. */
export function percent({ share }: ShareView): string {
  return share === null ? NOTHING : `${(Math.floor(share * 1000 + 1e-9) / 10).toFixed(1)}%`
}

export function length(ms: number | null): string {
  return ms === null ? NOTHING : duration(ms)
}

export function average({ average_ms }: AverageView): string {
  return length(average_ms)
}

/** For sorting: what cannot be counted comes before everything else. */
export function rank(value: number | null): number {
  return value ?? -1
}

export function measureOf(figures: FiguresView, key: string): MeasureView | undefined {
  return figures.measures.find((measure) => measure.key === key)
}
