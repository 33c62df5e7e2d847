import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { startChild } from './child.ts'

/** How it ended, and what it wrote. */
function run(program: string, args: readonly string[]) {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  let written = ''
  const child = startChild({ program, args, stdio: ['pipe', 'pipe'], onEnd: (end) => resolve({ ...end, written }) })
  child.output(1)?.on('data', (text: Buffer) => (written += text.toString()))
  return { child, end: promise }
}

test('words are handed over as they are, and what is secret is not', async () => {
  process.env['BANDSTAND_STREAM_KEY'] = 'secret'
  const { end } = run('/bin/sh', ['-c', 'printf "%s|" "$0" "$BANDSTAND_STREAM_KEY"', '$(id) ;'])
  delete process.env['BANDSTAND_STREAM_KEY']
  assert.deepEqual(await end, { how: 'status 0', ok: true, written: '$(id) ;||' })
})

test('one that is killed has ended, though a child of its own holds its pipes', async () => {
  const { child, end } = run('/bin/sh', ['-c', 'sleep 60 & echo $!; sleep 60'])
  const [pid] = await new Promise<string[]>((resolve) => {
    child.output(1)?.once('data', (text: Buffer) => resolve(text.toString().split('\n')))
  })
  child.kill()
  assert.deepEqual(await end, { how: 'SIGKILL', ok: false, written: `${pid}\n` })
  process.kill(Number(pid), 'SIGKILL')
})

test('words that no program can be given end in an error that is not thrown', async () => {
  const { end } = run('/bin/true', ['a\0b'])
  assert.equal(((await end) as { error: NodeJS.ErrnoException }).error.code, 'ERR_INVALID_ARG_VALUE')
})

/** What starts programs, and how each says that there was no descriptor left. */
const starters = `
  import { openSync } from 'node:fs'
  import { readFileSync } from 'node:fs'
  import { startLadderProcess } from './transcode/process.ts'
  import { createTrials, tryEncoder } from './transcode/trial.ts'
  import { runFfmpeg } from './pictures/run-ffmpeg.ts'
  import { createOpus } from './egress/webrtc/opus/opus.ts'
  import { readClip } from '@bandstand/media/containers/isobmff/fixtures/clip.ts'
  const clip = readClip(readFileSync(new URL(import.meta.resolve('@bandstand/media/containers/isobmff/fixtures/clip.flv'))))
  const silent = { debug() {}, info() {}, warn() {}, error() {} }
  const sound = { kind: 'audio', codec: 'aac', codecString: 'mp4a.40.2', sampleRate: 48000, channels: 2, frameLength: 1024,
    timescale: 48000, decoderConfig: new Uint8Array([0x11, 0x90]) }
  try { for (;;) openSync('/dev/null') } catch {}
  const found = {}
  found.ladder = await new Promise((resolve) => {
    const made = startLadderProcess({ ffmpeg: '/bin/true', args: [], outputs: 2, source: clip.video, now: () => 0,
      onTrack() {}, onPicture() {}, onGone() {},
      isHardware: false, onEnd: ({ reason }) => resolve(reason) })
    made.feed({ dts: 0, pts: 0, key: true, data: new Uint8Array(9) })
    made.tick()
  })
  found.trial = (await tryEncoder('/bin/true', 'x264')).reason
  found.trials = (await createTrials('/bin/true', () => 0).of('x264')).reason
  found.picture = await runFfmpeg({ ffmpeg: '/bin/true', args: [], input: [new Uint8Array(9)] }).catch(({ message }) => message)
  let rested = 0
  found.opus = await new Promise((onFailed) => {
    // It rests between its tries: each look at the clock is a minute later.
    const now = () => (rested += 60_000)
    const opus = createOpus({ ffmpeg: '/bin/true', config: sound, onPacket() {}, onFailed, log: silent, now })
    setInterval(() => opus.write({ dts: 0, data: new Uint8Array(9) }), 1)
  })
  console.log(JSON.stringify(found))
  process.exit()
`

test('without a descriptor nothing is started, which is said, and the server goes on', () => {
  const script = `ulimit -n 100; exec "$0" --input-type=module-typescript -e "$1"`
  const printed = execFileSync('/bin/sh', ['-c', script, process.execPath, starters], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
    timeout: 30_000,
  })
  const found = JSON.parse(printed) as Record<string, string>
  assert.deepEqual(Object.keys(found), ['ladder', 'trial', 'trials', 'picture', 'opus'])
  for (const reason of Object.values(found)) assert.match(reason, /EMFILE/)
})
