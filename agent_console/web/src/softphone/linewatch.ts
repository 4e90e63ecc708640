/** The line to the PBX as the watch needs it. */
export interface Watched {
  connected(): boolean
  /** Asks the PBX for a sign of life; resolves when anything is answered. */
  ask(): Promise<void>
  /** Gives the connection up and makes a new one. */
  reconnect(): void
}

const ASK_MS = 3_000
const PATIENCE_MS = 2_500
const CONNECTING_MS = 4_000

/**
 * A connection can be dead without anybody saying so: the machine slept, the network went, a cable was pulled. So the
 * PBX is asked every few seconds, and a line that stays silent or does not come up is made anew at once: a phone is
 * registered again within ten seconds of the network being back.
 */
export class LineWatch {
  private timer: ReturnType<typeof setInterval> | undefined
  private asking = false
  private tick = Date.now()
  private downSince: number | null = null

  constructor(private readonly line: Watched) {}

  start(): void {
    this.stop()
    this.tick = Date.now()
    this.downSince = null
    this.timer = setInterval(() => this.look(), ASK_MS)
    window.addEventListener('online', this.renew)
  }

  stop(): void {
    clearInterval(this.timer)
    window.removeEventListener('online', this.renew)
  }

  private readonly renew = (): void => {
    this.downSince = Date.now()
    this.line.reconnect()
  }

  private look(): void {
    const now = Date.now()
    const slept = now - this.tick > 4 * ASK_MS
    this.tick = now
    if (slept) return this.renew()
    if (this.line.connected()) {
      this.downSince = null
      void this.askNow()
      return
    }
    this.downSince ??= now
    if (now - this.downSince >= CONNECTING_MS) this.renew()
  }

  private async askNow(): Promise<void> {
    if (this.asking) return
    this.asking = true
    const silent = new Promise<'silent'>((resolve) => setTimeout(() => resolve('silent'), PATIENCE_MS))
    const answer = await Promise.race([this.line.ask(), silent])
    this.asking = false
    if (answer === 'silent' && this.line.connected()) this.renew()
  }
}
