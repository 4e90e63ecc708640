/** How loud a microphone hears, 0 to 1 on a scale of decibels: 0 at -60 dB and below. */
export class Meter {
  private readonly context = new AudioContext()
  private readonly samples: Float32Array<ArrayBuffer>
  private readonly analyser: AnalyserNode

  constructor(private readonly stream: MediaStream) {
    this.analyser = this.context.createAnalyser()
    this.analyser.fftSize = 1024
    this.samples = new Float32Array(this.analyser.fftSize)
    this.context.createMediaStreamSource(stream).connect(this.analyser)
    void this.context.resume()
  }

  level(): number {
    this.analyser.getFloatTimeDomainData(this.samples)
    return loudness(this.samples)
  }

  stop(): void {
    this.stream.getTracks().forEach((track) => track.stop())
    void this.context.close()
  }
}

const QUIETEST_DB = -60

export function loudness(samples: ArrayLike<number>): number {
  let sum = 0
  for (let index = 0; index < samples.length; index += 1) sum += samples[index]! ** 2
  if (sum === 0) return 0
  const decibels = 10 * Math.log10(sum / samples.length)
  return Math.min(1, Math.max(0, 1 - decibels / QUIETEST_DB))
}
