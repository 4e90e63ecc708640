import { afterEach, describe, expect, it, vi } from 'vitest'
import { createApp, defineComponent, h } from 'vue'
import { useKept } from '@/lib/kept'
import { useLetters } from '@/lib/keys'

const key = (target: Element, name: string) => {
  const event = new KeyboardEvent('keydown', { key: name, bubbles: true, cancelable: true })
  target.dispatchEvent(event)
  return event
}
const focus = (target: HTMLElement) => {
  target.focus()
  target.dispatchEvent(new FocusEvent('focusin', { bubbles: true }))
}

describe('the space bar', () => {
  const played = vi.fn()
  const page = () => {
    const shown = createApp(
      defineComponent(() => {
        useLetters(() => ({ ' ': played }))
        return () => h('div', [h('input', { type: 'checkbox' }), h('button')])
      }),
    )
    const root = document.body.appendChild(document.createElement('div'))
    shown.mount(root)
    return { box: root.querySelector('input') as HTMLElement, button: root.querySelector('button') as HTMLElement, shown }
  }
  afterEach(() => played.mockClear())

  it('presses the control to which a key led the focus', () => {
    const { box, button, shown } = page()
    for (const control of [box, button]) {
      key(document.body, 'Tab')
      focus(control)
      expect(key(control, ' ').defaultPrevented).toBe(false)
    }
    expect(played).not.toHaveBeenCalled()
    shown.unmount()
  })

  it('still plays where a click left the focus on a control', () => {
    const { button, shown } = page()
    button.dispatchEvent(new Event('pointerdown', { bubbles: true }))
    focus(button)
    key(button, 'j')
    expect(key(button, ' ').defaultPrevented).toBe(true)
    expect(played).toHaveBeenCalledOnce()
    shown.unmount()
  })
})

it('keeps words until they are sent, each for its own matter', () => {
  useKept('test.', 'a').value = '写了一半'
  expect(useKept('test.', 'a').value).toBe('写了一半')
  expect(useKept('test.', 'b').value).toBe('')
  useKept('test.', 'a').value = ''
  expect(useKept('test.', 'a').value).toBe('')
  expect(localStorage.length).toBe(0)
})
