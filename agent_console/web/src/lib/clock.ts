import { readonly, ref } from 'vue'

const now = ref(Date.now())
let offset = 0

setInterval(() => (now.value = Date.now() + offset), 1_000)

/** The server's time as far as this machine knows it, in ms, renewed each second: a seat's clock may be wrong. */
export const serverNow = readonly(now)

export function exactNow(): number {
  return Date.now() + offset
}

export function setServerTime(instant: string): void {
  offset = Date.parse(instant) - Date.now()
  now.value = Date.now() + offset
}
