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

let byKey = false
/** The control to which a key led the focus. Where a click left it, the space bar still does the page's work. */
let reached: EventTarget | null = null
window.addEventListener('pointerdown', () => (byKey = false), true)
window.addEventListener('keydown', () => (byKey = true), true)
window.addEventListener('focusin', ({ target }) => (reached = byKey ? target : null), true)

/** Whether the space bar presses the control that has the focus. */
function presses({ key, target }: KeyboardEvent): boolean {
  return key === ' ' && target === reached && target instanceof Element && target.matches('button, summary, input[type=checkbox]')
}

/** A key typed into a field belongs to the field, and one typed over a dialog to the dialog. */
function engaged(target: EventTarget | null): boolean {
  if (target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))) {
    return !(target instanceof HTMLInputElement && target.type === 'checkbox')
  }
  return [...document.querySelectorAll<HTMLElement>('.el-overlay')].some((each) => each.style.display !== 'none')
}

/** The letter of a key, whatever an input method makes of it; arrows by their names. */
export function letterOf({ code, key }: Pick<KeyboardEvent, 'code' | 'key'>): string {
  return /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase() ?? key
}

/** While the component is there, single letters and arrows do their work wherever nothing is being typed. */
export function useLetters(keys: () => Record<string, (() => void) | undefined>): void {
  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || engaged(event.target) || presses(event)) return
    const action = keys()[letterOf(event)]
    if (!action) return
    event.preventDefault()
    action()
  }
  onMounted(() => window.addEventListener('keydown', press))
  onBeforeUnmount(() => window.removeEventListener('keydown', press))
}
