import type { Picked } from '@/entities/photo/shrink'
import type { CaseSummary, PatrolReport, PatrolResult, Problem } from '@/transport/messages.gen'

/** Something a person did that goes to the server, at once or when the network is back; `id` makes it once. */
export interface Parcel {
  id: string
  madeAt: number
  kind: 'photos' | 'result' | 'report'
  /** To what the photos belong: "tasks/<case>/<n>", "cases/<case>", "patrols/<patrol>". */
  at: string
  photos: Picked[]
  internal: boolean
  result: PatrolResult | null
  report: PatrolReport | null
  /** Why the server refused it; it waits for its person then. */
  problem: Problem | null
}

export interface Carrier {
  photo: (at: string, photo: Picked, internal: boolean) => Promise<unknown>
  result: (at: string, result: PatrolResult) => Promise<unknown>
  report: (report: PatrolReport) => Promise<CaseSummary>
}

/**
 * Sends a parcel step by step; `stepped` is told what is left after each, so that a page that dies in between goes on
 * there. Photos come before the result that needs them, and after the report that they belong to.
 */
export async function deliver(parcel: Parcel, by: Carrier, stepped: (left: Parcel) => Promise<void>): Promise<void> {
  let left = parcel
  if (left.report) {
    const filed = await by.report(left.report)
    left = { ...left, report: null, at: `patrols/reports/${filed.case_id}` }
    await stepped(left)
  }
  while (left.photos.length) {
    const [first, ...others] = left.photos
    await by.photo(left.at, first!, left.internal)
    left = { ...left, photos: others }
    await stepped(left)
  }
  if (left.result) await by.result(left.at, left.result)
}
