import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { describe, test } from 'node:test'
import { RTMP_LISTENER_LIMITS } from './limits.ts'
import { startRtmpListener } from './listener.ts'
import { FakeLog, FakePort, type FakePublisher, until } from './testing/fake-port.ts'

/** Pictures and sound that cost next to nothing to encode. */
const video = ['-f', 'lavfi', '-i', 'testsrc=s=64x36:r=30']
const audio = ['-f', 'lavfi', '-i', 'sine=f=440:r=48000']
const x264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-g', '30']
const aac = ['-c:a', 'aac', '-b:a', '32k']

/** Runs an encoder against a listener of its own; `args` has `URL` where the address belongs. */
async function encode(
  program: string,
  args: readonly string[],
  key = 'good-key',
): Promise<{ port: FakePort; log: FakeLog; output: string; code: number | null; publisher: FakePublisher }> {
  const port = new FakePort()
  const log = new FakeLog()
  const listener = await startRtmpListener({
    address: { host: '127.0.0.1', port: 0 },
    publishPort: port,
    log,
    limits: RTMP_LISTENER_LIMITS,
  })
  const url = `rtmp://127.0.0.1:${listener.address.port}/live/${key}`
  const child = spawn(
    program,
    args.map((arg) => arg.replace('URL', url)),
    { stdio: ['ignore', 'pipe', 'pipe'] },
  )
  // The first GStreamer on a machine reads all of its plugins.
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000)
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', resolve)
  })
  clearTimeout(timer)
  await until(() => listener.connections() === 0, 'the end of the connection')
  await listener.close()
  return { port, log, output, code, publisher: port.publishers[0] as FakePublisher }
}

const ffmpeg = (args: readonly string[], key?: string): ReturnType<typeof encode> =>
  encode('ffmpeg', ['-hide_banner', '-v', 'info', '-nostats', ...args, '-f', 'flv', 'URL'], key)

describe('ffmpeg', () => {
  test('H.264 with B-frames and AAC arrive, frame for frame, and end as unpublished', async () => {
    const bFrames = ['-x264-params', 'bframes=2:b-adapt=0:scenecut=0']
    const { publisher } = await ffmpeg([...video, ...audio, '-t', '2', ...x264, ...bFrames, ...aac])
    assert.equal(publisher.of(1).length, 60)
    assert.ok(publisher.of(2).length >= 94 && publisher.of(2).length <= 96)
    assert.deepEqual(
      publisher.configs.map(({ config }) => config.codec),
      ['h264', 'aac'],
    )
    assert.deepEqual(publisher.announced, [{ video: true, audio: true }])
    assert.deepEqual(publisher.ends, ['unpublished'])
    const pictures = publisher.of(1)
    assert.deepEqual(
      pictures.flatMap(({ key }, i) => (key ? [i] : [])),
      [0, 30],
    )
    assert.ok(pictures.every(({ dts }, i) => i === 0 || dts > (pictures[i - 1]?.dts ?? 0)))
    assert.ok(pictures.some(({ pts, dts }) => pts - dts > 3000))
    const shown = pictures.map(({ pts }) => pts).toSorted((a, b) => a - b)
    assert.ok(shown.every((pts, i) => i === 0 || Math.abs(pts - (shown[i - 1] ?? 0) - 3000) <= 90))
  })

  test('video alone', async () => {
    const { publisher } = await ffmpeg([...video, '-t', '1', ...x264])
    assert.deepEqual([publisher.of(1).length, publisher.of(2).length], [30, 0])
    assert.deepEqual(publisher.announced, [{ video: true, audio: false }])
  })

  test('audio alone', async () => {
    const { publisher } = await ffmpeg([...audio, '-t', '1', ...aac])
    assert.equal(publisher.of(1).length, 0)
    assert.ok(publisher.of(2).length >= 47)
    assert.deepEqual(publisher.announced, [{ video: false, audio: true }])
  })

  test('a wrong key is shown to the person at the encoder', async () => {
    const { output, code, log, port } = await ffmpeg([...video, '-t', '1', ...x264], 'wrong-key')
    assert.notEqual(code, 0)
    assert.match(output, /This stream key is not known here: copy it from the studio\./)
    assert.equal(port.publishers.length, 0)
    assert.equal(log.lines.length, 1)
  })

  test('a codec that is not spoken here ends the stream with a line that says what to set', async () => {
    const { log, publisher } = await ffmpeg(['-re', ...video, '-t', '5', '-c:v', 'flv1'])
    assert.ok(log.lines.some((line) => /^warn .*Sorenson H\.263 video is not supported.*H\.264/.test(line)))
    assert.deepEqual(publisher.ends, ['disconnected'])
  })
})

test('GStreamer rtmp2sink: H.264 and AAC arrive, and end as unpublished', async () => {
  const pipeline = `videotestsrc num-buffers=30 ! video/x-raw,format=I420,width=64,height=36,framerate=30/1
    ! x264enc tune=zerolatency key-int-max=30 ! h264parse ! mux.
    audiotestsrc num-buffers=44 ! voaacenc ! aacparse ! mux.
    flvmux name=mux streamable=true ! rtmp2sink location=URL`
  const { publisher, output } = await encode('gst-launch-1.0', ['-q', '-e', ...pipeline.split(/\s+/)])
  assert.ok(publisher !== undefined, output)
  assert.equal(publisher.of(1).length, 30)
  assert.ok(publisher.of(2).length >= 44)
  assert.deepEqual(publisher.ends, ['unpublished'])
})
