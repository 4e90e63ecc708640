import type { RTCSession } from 'jssip/lib/RTCSession'
import type { DialogId } from './kept'

/** Why the PBX did not hand the citizen over; the call stays with the agent. */
export class TransferRefused extends Error {}

const TRANSFER_MS = 8_000
const SETTLE_MS = 3_000
const LOOK_MS = 50

/** One leg between this browser and the PBX. */
export class Leg {
  constructor(
    readonly session: RTCSession,
    readonly peer: string,
  ) {}

  /** What identifies the leg at the PBX, known once it is up. */
  get dialog(): DialogId | null {
    const { _dialog: dialog } = this.session as unknown as { _dialog: { id: Record<string, string> } | null }
    if (!dialog) return null
    return { callId: dialog.id.call_id!, localTag: dialog.id.local_tag!, remoteTag: dialog.id.remote_tag! }
  }

  get sender(): RTCRtpSender | undefined {
    return this.session.connection?.getSenders().find((each) => each.track?.kind === 'audio')
  }

  get voice(): MediaStream | null {
    const track = this.session.connection?.getReceivers().find((each) => each.track.kind === 'audio')?.track
    return track ? new MediaStream([track]) : null
  }

  /** Whether it was called from here; JsSIP declares an enumeration of directions, but exports none. */
  get outgoing(): boolean {
    return (this.session.direction as string) === 'outgoing'
  }

  async hold(): Promise<void> {
    if (await this.settled()) this.session.hold()
  }

  async resume(): Promise<void> {
    if (await this.settled()) this.session.unhold()
  }

  /** Whether the PBX is through with the last change of this leg; two at once are not allowed (RFC 3261 section 14). */
  private async settled(): Promise<boolean> {
    for (let waited = 0; waited < SETTLE_MS && !this.session.isEnded(); waited += LOOK_MS) {
      if (this.session.isReadyToReOffer()) return true
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
    }
    return false
  }

  hangUp(): void {
    if (!this.session.isEnded()) this.session.terminate()
  }

  mute(muted: boolean): void {
    if (muted) this.session.mute({ audio: true })
    else this.session.unmute({ audio: true })
  }

  tone(tone: string): void {
    this.session.sendDTMF(tone, { transportType: 'RFC2833' as never })
  }

  /** Hands the party of this leg over, to a number or, with `to`, to the party of that other leg. */
  async transfer(target: string, to?: Leg): Promise<void> {
    await this.refer(target, to)
    // who hands over leaves by himself: the PBX would keep his legs for another minute
    this.hangUp()
    to?.hangUp()
  }

  private refer(target: string, to?: Leg): Promise<void> {
    return new Promise((done, refused) => {
      const timer = setTimeout(() => refused(new TransferRefused('timeout')), TRANSFER_MS)
      const refuse = (why: unknown) => {
        clearTimeout(timer)
        const { response, status_line: line, cause } = (why ?? {}) as Record<string, { status_code?: number } | undefined>
        refused(new TransferRefused(String(line?.status_code ?? response?.status_code ?? cause ?? '')))
      }
      const finish = () => (clearTimeout(timer), done())
      this.session.on('ended', finish)
      this.session.refer(target, {
        replaces: to?.session,
        eventHandlers: { accepted: finish, failed: refuse, requestFailed: refuse },
      })
    })
  }

  /** Tells the PBX where the page is now; a leg that the PBX has ended meanwhile ends here too. */
  async refresh(): Promise<void> {
    if (!(await this.settled())) return
    const state = this.session.connection?.iceConnectionState
    const broken = state === 'disconnected' || state === 'failed'
    this.session.renegotiate(broken ? { rtcOfferConstraints: { iceRestart: true } } : {})
  }
}
