/** What identifies a leg at the PBX (RFC 3261 section 12), seen from here. */
export interface DialogId {
  callId: string
  localTag: string
  remoteTag: string
}

interface Kept extends DialogId {
  peer: string
  held: boolean
  at: number
}

/** The PBX gives a leg up after a minute without a sound. */
const KEPT_MS = 90_000
const name = (seat: string) => `hotline.leg.${seat}`

/** Remembers the leg of a seat beyond its page, so that the page that comes next can take the call back. */
export const keptLeg = {
  put(seat: string, { callId, localTag, remoteTag }: DialogId, peer: string, held = false): void {
    const kept: Kept = { callId, localTag, remoteTag, peer, held, at: Date.now() }
    try {
      localStorage.setItem(name(seat), JSON.stringify(kept))
    } catch {
      // Without storage the call goes on; only a reload would lose its voice.
    }
  },

  /** The leg that a page before this one may have left. */
  get(seat: string): Kept | null {
    try {
      const kept = JSON.parse(localStorage.getItem(name(seat)) ?? 'null') as Kept | null
      return kept && Date.now() - kept.at < KEPT_MS ? kept : null
    } catch {
      return null
    }
  },

  /** Keeps it young while its page lives, and notes whether the citizen is on hold. */
  touch(seat: string, callId: string, held?: boolean): void {
    const kept = this.get(seat)
    if (kept?.callId === callId) this.put(seat, kept, kept.peer, held ?? kept.held)
  },

  /** Forgets this leg; the one of a page that has taken over meanwhile stays. */
  remove(seat: string, callId: string): void {
    try {
      if (this.get(seat)?.callId === callId) localStorage.removeItem(name(seat))
    } catch {
      // A storage that cannot be written holds nothing to remove.
    }
  },
}

/** The header by which the PBX puts a new leg in the place of the kept one (RFC 3891): its local tag is our remote one. */
export function replaces({ callId, localTag, remoteTag }: DialogId): string {
  return `Replaces: ${callId};to-tag=${remoteTag};from-tag=${localTag}`
}
