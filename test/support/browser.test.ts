import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expectOwnHls } from './browser.ts'

const pageThatSays = (answer: unknown) => ({ evaluate: async () => answer as never })

test('a Chromium without HLS of its own fails what needs it, with the line that installs another', async () => {
  await assert.rejects(expectOwnHls(pageThatSays('')), /no HLS of its own.* apt-get install -y chromium$/)
  await expectOwnHls(pageThatSays('maybe'))
})
