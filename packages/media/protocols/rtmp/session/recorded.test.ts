import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { RtmpCrypto } from '../handshake/crypto.ts'
import { RTMP_LIMITS } from '../limits.ts'
import { createRtmpServerSession } from './server.ts'
import type { RtmpServerEvent } from './server-types.ts'

const crypto: RtmpCrypto = { hmacSha256: () => new Uint8Array(32), randomBytes: (length) => new Uint8Array(length) }

/** What real encoders and relays said to this server, byte for byte, and what must come of it: frames and sequence headers. */
const recordings = [
  { file: 'ffmpeg-5.1', encoder: 'FMLE/3.0 (compatible; Lavf59.27.100)', video: 62, audio: 96, goodbye: true },
  { file: 'gstreamer-1.22-rtmp2sink', encoder: 'LNX 10,0,32,18', video: 62, audio: 88, goodbye: true },
  { file: 'nginx-rtmp-push', encoder: 'LNX.11,1,102,55', video: 122, audio: 190, goodbye: false },
  { file: 'node-media-server-4.4-relay', encoder: 'FMLE/3.0', video: 122, audio: 189, goodbye: false },
  { file: 'obs-29', encoder: 'FMLE/3.0 (compatible; FMSc/1.0)', video: 0, audio: 0, goodbye: false },
] as const

for (const { file, encoder, video, audio, goodbye } of recordings) {
  const bytes = new Uint8Array(readFileSync(new URL(`fixtures/${file}.c2s.bin`, import.meta.url)))

  test(`${file}: publishes, sends media in order${goodbye ? ' and says goodbye' : ''}`, () => {
    const events = replay(bytes, 4096)
    assert.deepEqual(events[0], { type: 'publish', key: 'goodkey', encoder })
    assert.equal(
      events.find((event) => event.type === 'close'),
      undefined,
    )
    assert.ok(events.some((event) => event.type === 'metadata'))
    assert.equal(
      events.some((event) => event.type === 'unpublish'),
      goodbye,
    )
    const count = (type: string): number => events.filter((event) => event.type === type).length
    if (video > 0) assert.deepEqual([count('video'), count('audio')], [video, audio])
    assert.ok(count('video') > 50 && count('audio') > 50)
    for (const type of ['audio', 'video']) {
      const times = events.flatMap((event) => (event.type === type && 'timestamp' in event ? [event.timestamp] : []))
      assert.ok(times.every((time, i) => i === 0 || time >= (times[i - 1] ?? 0)))
    }
  })

  test(`${file}: the same whatever the pieces`, () => {
    // Not all at once: an encoder waits for the answer to `publish`.
    const whole = replay(bytes, 4096)
    for (const step of [1, 1000, 1537])
      assert.ok(isDeepStrictEqual(replay(bytes, step), whole), `${step} bytes at a time`)
  })
}

function replay(bytes: Uint8Array, step: number): RtmpServerEvent[] {
  const session = createRtmpServerSession({ crypto, limits: RTMP_LIMITS, app: 'live', now: 0 })
  const events: RtmpServerEvent[] = []
  for (let at = 0; at < bytes.byteLength; at += step) {
    const now = at / 100
    for (const event of session.receive(bytes.subarray(at, at + step), now).events) {
      events.push(event)
      if (event.type === 'publish') events.push(...session.acceptPublish(now).events)
    }
  }
  return events
}
