import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const SRC = join(import.meta.dirname, '../src')

/** The parts of Element Plus that the pages name, as `ElInputNumber`. */
function used(): Set<string> {
  const found = new Set<string>()
  for (const name of readdirSync(SRC, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.vue')) continue
    for (const [, tag] of readFileSync(join(SRC, name), 'utf8').matchAll(/<el-([a-z-]+)/g))
      found.add('El' + tag!.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase()))
  }
  return found
}

it('registers every part of Element Plus that a page uses: one that is not stays empty on the screen', () => {
  const registered = readFileSync(join(SRC, 'element.ts'), 'utf8')
  expect([...used()].filter((name) => !registered.includes(`  ${name},\n`))).toEqual([])
})
