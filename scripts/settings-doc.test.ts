import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { it } from 'node:test'
import { printSettings, settingsPage } from './settings-doc.ts'

it('the settings page lists every setting as the schema has it (node scripts/settings-doc.ts writes it)', () => {
  assert.equal(readFileSync(settingsPage, 'utf8'), printSettings())
})
