import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { en } from '@/i18n/en'
import { zh } from '@/i18n/zh-CN'

type Words = { [key: string]: string | string[] | Words }

function flat(words: Words, prefix = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(words)) {
    if (typeof value === 'string') all.set(prefix + key, value)
    else if (Array.isArray(value)) all.set(prefix + key, value.join())
    else flat(value, `${prefix}${key}.`).forEach((text, inner) => all.set(inner, text))
  }
  return all
}

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) return sources(path)
    return /\.(vue|ts)$/.test(entry.name) && !path.includes('i18n') ? [path] : []
  })
}

const src = join(import.meta.dirname, '..', 'src')
// The server's errors come with English words of their own, so only Chinese holds them.
const chinese = flat({ ...zh, errors: {} })
const english = flat({ ...(en as unknown as Words), errors: {} })

it('has words in both languages for the same things, with the same values to fill in', () => {
  expect([...english.keys()].sort()).toEqual([...chinese.keys()].sort())
  const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((hole) => hole[1]).sort()
  for (const [key, text] of chinese) expect([key, holes(english.get(key) ?? '')]).toEqual([key, holes(text)])
})

it('has both languages for the errors that the console makes', () => {
  for (const name of Object.keys(en.errors)) expect(Object.keys(zh.errors)).toContain(name)
})

it('has words for whatever a component asks for', () => {
  const missing = sources(src).flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/\bt\(\s*'([\w.-]+)'/g)]
      .map((asked) => asked[1] as string)
      .filter((key) => !chinese.has(key)),
  )
  expect(missing).toEqual([])
})

it('has no words in a component itself', () => {
  const spoken = sources(src)
    .filter((path) => path.endsWith('.vue'))
    .filter((path) => /[\u4e00-\u9fff]/.test(readFileSync(path, 'utf8')))
  expect(spoken).toEqual([])
})
