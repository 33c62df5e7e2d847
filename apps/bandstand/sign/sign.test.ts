import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createPlatform } from '@bandstand/platform/platform.ts'
import { createFakeEngine, fakeInstance, startPlatform } from '@bandstand/platform/testing/start.ts'
import { parseMoment } from './moment.ts'
import { runSign } from './sign.ts'

const now = Date.parse('2026-03-04T05:06:07.890Z')

async function sign(...argv: string[]): Promise<{ status: number; out: string; told: string }> {
  let out = ''
  let told = ''
  const status = await runSign(argv, {
    ...{ env: {}, cwd: '/nonexistent', now: () => now },
    stdout: { write: (text) => (out += text) },
    stderr: { write: (text) => (told += text) },
  })
  return { status, out, told }
}

async function folder(t: { after(done: () => Promise<void>): void }): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'bandstand-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

test('a key that is signed beside a running server, or with none, is good there', async (t) => {
  const dataDir = await folder(t)
  const { platform, asOwner, stop } = await startPlatform(t, { dataDir, now: () => now })
  await asOwner('PATCH', '/channels/main', { slug: 'show' })
  const key = (await sign('main', '--data', dataDir, '--from', '192.0.2.0/24, 10.0.0.1')).out.trim()
  const ask = (directory: typeof platform.directory, given: string, remote = '192.0.2.9') =>
    directory.admit({ protocol: 'srt', remote, key: given })
  const answer = await ask(platform.directory, key)
  assert.equal('channel' in answer && answer.channel.slug, 'show')
  assert.equal('refusal' in (await ask(platform.directory, key, '192.0.3.9')), true)
  await asOwner('DELETE', '/channels/show/signed-keys')
  assert.equal('refusal' in (await ask(platform.directory, key)), true)
  const next = await sign('show', `--data=${dataDir}`, '--expires=2h', '--session', '2026-03-04T09:00:00+01:00')
  assert.equal(next.told, 'good on show until 2026-03-04T07:06:07.000Z, sessions end at 2026-03-04T08:00:00.000Z\n')
  assert.equal('channel' in (await ask(platform.directory, next.out.trim())), true)
  await stop()
  const late = (await sign('show', '--data', dataDir)).out.trim()
  const options = { settings: {}, engine: createFakeEngine(), instance: fakeInstance, now: () => now }
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const second = await createPlatform({ dataDir, log, ...options })
  t.after(() => second.close())
  assert.equal('channel' in (await ask(second.directory, late)), true)
})

test('what cannot be signed is said in one line', async (t) => {
  const dataDir = await folder(t)
  await assert.rejects(sign('main', '--data', dataDir), /no data folder of Bandstand.*--data/)
  const { stop } = await startPlatform(t, { dataDir })
  await stop()
  const cases: [string[], RegExp][] = [
    [[], /name one channel/],
    [['main', 'second'], /name one channel/],
    [['nowhere'], /no channel nowhere/],
    [['main', '--expires', 'soon'], /--expires soon: takes 90s/],
    [['main', '--expires'], /--expires takes a value/],
    [['main', '--session', '2020-01-01T00:00:00Z'], /has passed/],
    [['main', '--from', 'home'], /"home" is no IP address/],
    [['main', '--colour', 'red'], /--colour is not a setting/],
  ]
  for (const [argv, message] of cases) await assert.rejects(sign('--data', dataDir, ...argv), message)
  assert.match((await sign('--help')).out, /bandstand sign CHANNEL/)
})

test('a moment is a length of time from now on, or written out', () => {
  assert.equal(parseMoment('90s', 1000), 91_000)
  assert.equal(parseMoment('2d', 0), 172_800_000)
  assert.equal(parseMoment('1970-01-01T00:01:00Z', 5), 60_000)
  assert.equal(parseMoment('1970-01-01T01:00+01:00', 5), 0)
  for (const text of ['', '1', '1w', '-1h', '1.5h', '2026-01-02', '2026-99-02T00:00:00Z', 'tomorrow'])
    assert.equal(parseMoment(text, 0), undefined, text)
})
