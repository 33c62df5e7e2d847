import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findViolations, type Violation } from './layers.ts'
import { parseSource } from './source.ts'

/** Rules that a project of these files breaks. */
function rules(files: Readonly<Record<string, string>>): Violation['rule'][] {
  return findViolations(Object.entries(files).map(([path, text]) => parseSource(path, text))).map(({ rule }) => rule)
}

const media = 'packages/media/a.ts'

describe('package edges', () => {
  it('refuses what points the wrong way, types included', () => {
    assert.deepEqual(rules({ [media]: `import type { A } from '@bandstand/engine/error.ts'` }), ['edge'])
    assert.deepEqual(rules({ 'packages/engine/a.ts': `import { a } from '@bandstand/platform/a.ts'` }), ['edge'])
    assert.deepEqual(rules({ 'packages/platform/a.ts': `type A = import('@bandstand/engine/a.ts').A` }), ['edge'])
    assert.deepEqual(rules({ 'packages/ui/a.ts': `const a = import('@bandstand/media/a.ts')` }), ['edge'])
    assert.deepEqual(rules({ 'packages/contract/a.ts': `export * from '@bandstand/media/a.ts'` }), ['edge'])
    assert.deepEqual(rules({ 'packages/engine/a.ts': `import '../../apps/bandstand/main.ts'` }), ['relative', 'edge'])
  })

  it('lets the layers above import those below', () => {
    const files = {
      'packages/engine/a.ts': `import { b } from '@bandstand/media/a.ts'; import { c } from '@bandstand/contract/a.ts'`,
      'apps/bandstand/main.ts': `import { a } from '@bandstand/engine/a.ts'; import { p } from '@bandstand/platform/a.ts'`,
    }
    assert.deepEqual(rules(files), [])
  })

  it('refuses a relative path into another package', () => {
    assert.deepEqual(rules({ 'packages/engine/a.ts': `import { a } from '../media/a.ts'` }), ['relative'])
  })
})

describe('siblings', () => {
  it('refuses one protocol that imports another', () => {
    assert.deepEqual(rules({ 'packages/engine/ingest/srt/a.ts': `import { a } from '../rtmp/a.ts'` }), ['sibling'])
    assert.deepEqual(rules({ 'packages/platform/chat/a.ts': `import { a } from '../channels/a.ts'` }), ['sibling'])
  })

  it('lets them share the files of the folder above and the database', () => {
    assert.deepEqual(rules({ 'packages/engine/ingest/srt/a.ts': `import { a } from '../limits.ts'` }), [])
    assert.deepEqual(rules({ 'packages/platform/chat/a.ts': `import { a } from '../database/a.ts'` }), [])
  })

  it('lets the ways in that bring MPEG-TS share its reading, which knows none of them', () => {
    assert.deepEqual(rules({ 'packages/engine/ingest/srt/a.ts': `import { a } from '../mpegts/a.ts'` }), [])
    assert.deepEqual(rules({ 'packages/engine/ingest/mpegts/a.ts': `import { a } from '../srt/a.ts'` }), ['sibling'])
  })
})

describe('pure code', () => {
  it('refuses Node, npm, the clock, timers, randomness and the DOM in media', () => {
    for (const text of [
      `import { Buffer } from 'node:buffer'`,
      `import { z } from 'zod'`,
      `export const b = Buffer.alloc(1)`,
      `export type B = Buffer`,
      `export const now = () => Date.now()`,
      `export const now = () => new Date()`,
      `export const r = Math.random()`,
      `export const later = (f: () => void) => setTimeout(f, 1)`,
      `export const w = document.title`,
    ])
      assert.deepEqual([...new Set(rules({ [media]: text }))], ['pure'], text)
  })

  it('allows names that only look alike, dates made from numbers, and tests', () => {
    assert.deepEqual(
      rules({ [media]: `export function f(window: { performance: number }) { return window.performance }` }),
      [],
    )
    assert.deepEqual(rules({ [media]: `export const d = new Date(0).toISOString()` }), [])
    assert.deepEqual(rules({ [media]: `export const o = { process: 1, self: 2 }.process` }), [])
    assert.deepEqual(rules({ 'packages/media/a.test.ts': `import { it } from 'node:test'; Date.now()` }), [])
  })
})

describe('errors', () => {
  it('refuses a bare error in a package and nowhere else', () => {
    const text = `export function f() { throw new Error('x') }`
    assert.deepEqual(rules({ 'packages/engine/a.ts': text }), ['error'])
    assert.deepEqual(rules({ 'packages/engine/a.test.ts': text, 'scripts/a.ts': text }), [])
  })
})

describe('cycles', () => {
  it('finds a circle of three that one type import closes', () => {
    const files = {
      'packages/media/a.ts': `import { b } from './b.ts'`,
      'packages/media/b.ts': `import { c } from './c.ts'`,
      'packages/media/c.ts': `import type { A } from '@bandstand/media/a.ts'`,
    }
    assert.deepEqual(rules(files), ['cycle'])
  })

  it('is content with a diamond', () => {
    const files = {
      'packages/media/a.ts': `import './b.ts'; import './c.ts'`,
      'packages/media/b.ts': `import './d.ts'`,
      'packages/media/c.ts': `import './d.ts'`,
      'packages/media/d.ts': ``,
    }
    assert.deepEqual(rules(files), [])
  })
})
