import { soundOn, type Devices } from './devices'

type Sound = 'ring' | 'ringback'

/** What each sound is: tones as [offset in s, length in s, frequency in Hz], repeated every so many ms. */
const SOUNDS: Record<Sound, { every: number; tones: readonly (readonly [number, number, number])[] }> = {
  ring: { every: 3_000, tones: [[0, 0.2, 880], [0.22, 0.2, 660]] },
  // the tone that a caller hears in China while it rings: 450 Hz, a second in five
  ringback: { every: 5_000, tones: [[0, 1, 450]] },
}

/** The ring of an incoming call and the tone of one that we make, made by the browser. */
export class Ringer {
  devices: Devices | null = null
  private context: AudioContext | null = null
  private timer: ReturnType<typeof setInterval> | undefined
  private sounding: Sound | null = null

  start(sound: Sound): void {
    if (this.sounding === sound) return
    this.stop()
    this.sounding = sound
    void this.sound(sound)
    this.timer = setInterval(() => void this.sound(sound), SOUNDS[sound].every)
  }

  stop(): void {
    clearInterval(this.timer)
    this.sounding = null
    // a tone that has begun ends with the ringing
    void this.context?.suspend()
  }

  /** Sounds once, to hear where and how loud. */
  async test(device: 'speaker' | 'ringer'): Promise<void> {
    await this.sound(device === 'ringer' ? 'ring' : 'ringback')
  }

  private async sound(sound: Sound): Promise<void> {
    this.context ??= new AudioContext()
    const { context } = this
    await soundOn(context, (sound === 'ring' ? this.devices?.ringer : this.devices?.speaker) ?? '')
    await context.resume()
    for (const [offset, length, frequency] of SOUNDS[sound].tones) {
      const tone = context.createOscillator()
      const volume = context.createGain()
      const at = context.currentTime + offset
      tone.frequency.value = frequency
      volume.gain.setValueAtTime(0, at)
      volume.gain.linearRampToValueAtTime(0.12, at + 0.02)
      volume.gain.setValueAtTime(0.12, at + length - 0.02)
      volume.gain.linearRampToValueAtTime(0, at + length)
      tone.connect(volume).connect(context.destination)
      tone.start(at)
      tone.stop(at + length + 0.02)
    }
  }
}
