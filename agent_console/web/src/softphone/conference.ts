import type { Leg } from './leg'

/**
 * Three talk together: each of the two legs is sent the microphone mixed with the voice of the other leg. The mix is
 * made here, so the PBX records for the citizen's leg what the citizen hears, and nothing has to move on the PBX.
 */
export class Conference {
  private readonly context = new AudioContext()
  private readonly own: MediaStreamTrack | null
  private readonly before: [RTCRtpSender, MediaStreamTrack | null][] = []

  constructor(first: Leg, second: Leg) {
    this.own = first.sender?.track ?? null
    this.send(first, second)
    this.send(second, first)
    void this.context.resume()
  }

  mute(muted: boolean): void {
    if (this.own) this.own.enabled = !muted
  }

  end(): void {
    for (const [sender, track] of this.before) void sender.replaceTrack(track).catch(() => {})
    void this.context.close()
  }

  private send(to: Leg, other: Leg): void {
    const { sender } = to
    if (!sender) return
    const mix = this.context.createMediaStreamDestination()
    const voices = [this.own && new MediaStream([this.own]), other.voice]
    for (const voice of voices) if (voice) this.context.createMediaStreamSource(voice).connect(mix)
    this.before.push([sender, sender.track])
    void sender.replaceTrack(mix.stream.getAudioTracks()[0] ?? null)
  }
}
