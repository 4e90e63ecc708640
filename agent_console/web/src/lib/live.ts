import { onBeforeUnmount } from 'vue'
import type { Event } from '@/transport/messages.gen'

type Body = Event['body']
export type Kind = Body['kind']
type Heard = (body: Body) => void

const ears = new Map<Kind, Set<Heard>>()

/** Tells every open page of an event, after the stores have taken it in. */
export function tell(body: Body): void {
  ears.get(body.kind)?.forEach((heard) => heard(body))
}

/** While the component is there, calls `heard` for each event of these kinds. */
export function useLive(kinds: readonly Kind[], heard: Heard): void {
  for (const kind of kinds) ears.set(kind, (ears.get(kind) ?? new Set<Heard>()).add(heard))
  onBeforeUnmount(() => kinds.forEach((kind) => ears.get(kind)?.delete(heard)))
}
