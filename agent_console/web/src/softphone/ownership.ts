/**
 * One tab of a browser owns the phone of a seat. The others are told so, and take it over when the owner is closed
 * or when they are asked to.
 */
export class PhoneOwnership {
  private release: (() => void) | null = null
  private waiting: AbortController | null = null

  constructor(
    private readonly gained: () => void,
    private readonly lost: () => void,
  ) {}

  /** Takes the phone if it is free; else `lost` is called and the tab stands in line for it. */
  async claim(seat: string): Promise<void> {
    this.drop()
    if (!navigator.locks) return this.gained()
    const name = `hotline-phone-${seat}`
    const free = await navigator.locks.query().then(({ held }) => !held?.some((lock) => lock.name === name))
    if (!free) this.lost()
    this.standInLine(name)
  }

  /** Takes the phone away from the tab that has it. */
  take(seat: string): void {
    this.waiting?.abort()
    void this.hold(`hotline-phone-${seat}`, { steal: true })
  }

  drop(): void {
    this.waiting?.abort()
    this.waiting = null
    this.release?.()
    this.release = null
  }

  private standInLine(name: string): void {
    this.waiting = new AbortController()
    void this.hold(name, { signal: this.waiting.signal })
  }

  private async hold(name: string, options: LockOptions): Promise<void> {
    let mine = false
    try {
      await navigator.locks.request(name, options, () => {
        mine = true
        this.gained()
        return new Promise<void>((resolve) => {
          this.release = resolve
        })
      })
    } catch {
      // Aborted in line, or stolen by another tab: only the second changes anything here.
      if (!mine) return
      this.release = null
      this.lost()
      this.standInLine(name)
    }
  }
}
