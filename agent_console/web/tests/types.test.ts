// @vitest-environment node
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('has the types that the Python schemas say', { timeout: 60_000 }, () => {
  const script = join(import.meta.dirname, '..', 'scripts', 'types.mjs')
  const { status, stderr } = spawnSync(process.execPath, [script, '--check'], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
