import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runFfmpeg } from './run-ffmpeg.ts'

const folder = mkdtempSync(join(tmpdir(), 'bandstand-pictures-'))
after(() => rmSync(folder, { recursive: true }))

/** A program of this name that does what the script says. */
function program(name: string, script: string): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
  return path
}

const input = [new Uint8Array(1_000_000)]
const run = (ffmpeg: string, more: { patience?: number; signal?: AbortSignal } = {}) =>
  runFfmpeg({ ffmpeg, args: [], input, ...more })

test('a program that is missing is said to be', async () => {
  await assert.rejects(run(join(folder, 'none')), { code: 'not-found' })
})

test('what is no picture is refused, with or without a reason', async () => {
  await assert.rejects(run(program('garbage', 'cat >/dev/null; echo this is not a picture')), {
    code: 'refused',
    message: 'ffmpeg wrote something that is not a picture',
  })
  await assert.rejects(run(program('failing', 'echo "no such codec" >&2; exit 3')), {
    code: 'refused',
    message: 'ffmpeg ended with status 3: no such codec',
  })
  await assert.rejects(run(program('killed', 'kill -9 $$')), {
    code: 'refused',
    message: 'ffmpeg ended with SIGKILL',
  })
})

test('one that is stopped or hangs is killed when its time is over', async () => {
  for (const [name, script] of [
    ['stopped', 'kill -STOP $$'],
    ['hanging', 'sleep 60'],
  ] as const) {
    await assert.rejects(run(program(name, script), { patience: 300 }), { code: 'timeout' })
  }
})

test('one that writes without end is killed', async () => {
  await assert.rejects(run(program('endless', 'cat /dev/zero')), { code: 'limit' })
})

test('one that is running ends when the server does', async () => {
  const stopping = new AbortController()
  const running = run(program('slow', 'sleep 60'), { signal: stopping.signal })
  setTimeout(() => stopping.abort(), 50)
  await assert.rejects(running, { code: 'refused' })
  await assert.rejects(run(program('late', 'sleep 60'), { signal: stopping.signal }), { code: 'refused' })
})

test('words are handed over as they are, without a shell, and secrets are not', async () => {
  process.env['BANDSTAND_STREAM_KEY'] = 'secret'
  const ffmpeg = program('echo', 'printf "%s|" "$@" "$BANDSTAND_STREAM_KEY" >&2; exit 1')
  const running = runFfmpeg({ ffmpeg, args: ['$(id)', 'a b;', "'"], input: [] })
  delete process.env['BANDSTAND_STREAM_KEY']
  await assert.rejects(running, { message: "ffmpeg ended with status 1: $(id)|a b;|'||" })
})
