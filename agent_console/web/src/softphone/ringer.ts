/** The ring of an incoming call, made by the browser: two short tones every three seconds. */
export class Ringer {
  private context: AudioContext | null = null
  private timer: ReturnType<typeof setInterval> | undefined

  start(): void {
    if (this.timer) return
    this.ring()
    this.timer = setInterval(() => this.ring(), 3_000)
  }

  stop(): void {
    clearInterval(this.timer)
    this.timer = undefined
  }

  private ring(): void {
    this.context ??= new AudioContext()
    const { context } = this
    for (const [offset, frequency] of [
      [0, 880],
      [0.22, 660],
    ] as const) {
      const tone = context.createOscillator()
      const volume = context.createGain()
      const at = context.currentTime + offset
      tone.frequency.value = frequency
      volume.gain.setValueAtTime(0, at)
      volume.gain.linearRampToValueAtTime(0.12, at + 0.02)
      volume.gain.linearRampToValueAtTime(0, at + 0.2)
      tone.connect(volume).connect(context.destination)
      tone.start(at)
      tone.stop(at + 0.22)
    }
  }
}
