const LEAD_S = 1.5

/** Plays some seconds of a recording, a little before to a little after what is to be heard; one at a time. */
export class ExcerptPlayer {
  private readonly audio = new Audio()
  private until = 0
  private turn = 0

  constructor(private readonly ended: () => void) {
    this.audio.preload = 'none'
    this.audio.addEventListener('timeupdate', () => this.audio.currentTime >= this.until && this.stop())
    this.audio.addEventListener('ended', () => this.stop())
    this.audio.addEventListener('error', () => this.audio.src && this.stop())
  }

  play(url: string, fromMs: number, toMs: number): void {
    this.until = toMs / 1000 + LEAD_S
    // the fragment lets the browser ask for the part that is needed
    this.audio.src = `${url}#t=${Math.max(0, fromMs / 1000 - LEAD_S)}`
    // what is asked for while another one is still being fetched breaks that one off, and goes on itself
    const turn = ++this.turn
    this.audio.play().catch(() => turn === this.turn && this.stop())
  }

  stop(): void {
    this.audio.pause()
    this.audio.removeAttribute('src')
    this.ended()
  }
}
