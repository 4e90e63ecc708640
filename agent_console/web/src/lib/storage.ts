/**
 * What must outlive a closed tab, kept in this browser under one person's name. A full or forbidden storage is
 * answered with false, so that the caller can say so; nothing here throws.
 */
export class Keep<Value> {
  constructor(
    private readonly prefix: string,
    private readonly storage: Storage = localStorage,
  ) {}

  all(): Value[] {
    const values: Value[] = []
    try {
      for (let index = 0; index < this.storage.length; index += 1) {
        const key = this.storage.key(index)
        if (key?.startsWith(this.prefix)) values.push(JSON.parse(this.storage.getItem(key) as string) as Value)
      }
    } catch {
      return values
    }
    return values
  }

  get(id: string): Value | null {
    try {
      return JSON.parse(this.storage.getItem(this.prefix + id) ?? 'null') as Value | null
    } catch {
      return null
    }
  }

  put(id: string, value: Value): boolean {
    try {
      this.storage.setItem(this.prefix + id, JSON.stringify(value))
      return true
    } catch {
      return false
    }
  }

  remove(id: string): void {
    try {
      this.storage.removeItem(this.prefix + id)
    } catch {
      // A storage that cannot be written holds nothing to remove.
    }
  }
}
