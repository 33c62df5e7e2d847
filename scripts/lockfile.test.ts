import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { root } from './source.ts'

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

it('lists the packages of every platform, without which npm ci refuses it', () => {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>
  }
  const names = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies))
  const missing = names.filter((name) => !Object.keys(packages).some((path) => path.endsWith(`node_modules/${name}`)))
  assert.deepEqual(missing, [])
})
