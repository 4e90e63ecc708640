import { onBeforeUnmount, onMounted } from 'vue'

/** A key as it is written in `useKeys`: "F2", "Ctrl+Enter", "Alt+1". */
export function keyName(event: Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey'>): string {
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(event.code)
  const key = digit?.[1] ?? event.key
  const held = [event.ctrlKey || event.metaKey ? 'Ctrl' : '', event.altKey ? 'Alt' : ''].filter(Boolean)
  return [...held, key].join('+')
}

/** Whether the field that has the focus keeps this key to itself: `data-own-keys` around it names it. */
function kept(name: string, target: EventTarget | null): boolean {
  const field = target instanceof Element ? target.closest<HTMLElement>('[data-own-keys]') : null
  return field?.dataset.ownKeys?.split(' ').includes(name) ?? false
}

/**
 * While the component is there, each key does its work wherever the focus stands; the use that the browser, or the field
 * that has the focus, makes of it is put aside.
 */
export function useKeys(keys: Record<string, () => void>): void {
  const press = (event: KeyboardEvent) => {
    const name = keyName(event)
    const action = keys[name]
    if (!action || kept(name, event.target)) return
    event.preventDefault()
    event.stopPropagation()
    if (!event.repeat) action()
  }
  onMounted(() => window.addEventListener('keydown', press, true))
  onBeforeUnmount(() => window.removeEventListener('keydown', press, true))
}
