import type { TestContext } from 'node:test'
import type { FlvPublisher, PublishFlvOptions } from '@bandstand/engine/ingest/rtmp/publish.ts'
import type { Bandstand } from './bandstand.ts'
import { publishClip, type TestChannel } from './channels.ts'
import { ffmpegPublish, type PublishOptions } from './encoders.ts'
import type { Running } from './process.ts'
import { type Watcher, watchChannel } from './watcher.ts'

/** Encoders and watchers that end with their test, however it ends. */

/** ffmpeg with a small picture, which costs little. */
export function ffmpeg(t: TestContext, url: string, options: Partial<PublishOptions> = {}): Running {
  const small = { width: 320, height: 180, frameRate: 25, gop: 50, bitrate: 200 }
  const encoder = ffmpegPublish({ url, ...small, ...options })
  t.after(() => encoder.stop('SIGKILL'))
  return encoder
}

/** The demo's clip: no processor time, and faults to order. */
export function clip(t: TestContext, url: string, options: Partial<PublishFlvOptions> = {}): FlvPublisher {
  const publisher = publishClip(url, options)
  t.after(() => publisher.stop())
  return publisher
}

/** @param server as it is now: a restarted one is another. */
export function watch(t: TestContext, server: Bandstand, { slug }: Pick<TestChannel, 'slug'>): Watcher {
  const watcher = watchChannel(() => server.http, slug)
  t.after(() => watcher.stop())
  return watcher
}
