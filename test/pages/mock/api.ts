import type { Advice, ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { Instance } from '@bandstand/contract/api/instance.ts'
import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import type { CreateBan } from '@bandstand/contract/api/moderation.ts'
import type { CreateKey, CreateSignedKey, PublishKeyList } from '@bandstand/contract/api/publishing.ts'
import type { ReplayList } from '@bandstand/contract/api/replay.ts'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { MockServer } from './model.ts'
import { mockBan, mockChannel, mockKey } from './values.ts'

/** A mock of `/api/v1`: answers of the right shape, no rules. The password is `open sesame`. */
export function registerMockApi(app: FastifyInstance, mock: MockServer): void {
  let key = 'k3y0123456789abcdefghij'
  const problem = (reply: FastifyReply, status: number, code: string, detail: string) =>
    reply
      .code(status)
      .type('application/problem+json')
      .send({ type: 'about:blank', title: 'Problem', status, detail, code })

  app.get('/api/v1/session', async () => session(mock.owner))
  app.post<{ Body: { password: string } }>('/api/v1/session', async (request, reply) => {
    if (request.body.password !== 'open sesame')
      return problem(reply, 401, 'wrong-password', 'That is not the password.')
    mock.owner = true
    return session(true)
  })
  app.delete('/api/v1/session', async (_, reply) => {
    mock.owner = false
    return reply.code(204).send()
  })
  app.get('/api/v1/instance', async (): Promise<Instance> => instance)
  app.get('/api/v1/channels', async () => ({ channels: [...mock.channels.values()] }))
  app.post<{ Body: { slug: string; title?: string } }>('/api/v1/channels', async (request, reply) => {
    const { slug, title } = request.body
    if (mock.channels.has(slug)) return problem(reply, 409, 'slug-taken', 'There is a channel of that name already.')
    const channel = { ...mockChannel(slug), title: title ?? slug }
    mock.channels.set(slug, channel)
    return reply.code(201).send(channel)
  })
  app.get<{ Params: { slug: string } }>('/api/v1/channels/:slug', async (request, reply) => {
    return mock.channels.get(request.params.slug) ?? problem(reply, 404, 'not-found', 'No such channel.')
  })
  app.patch<{ Params: { slug: string }; Body: object }>('/api/v1/channels/:slug', async (request, reply) => {
    const before = mock.channels.get(request.params.slug)
    if (!before) return problem(reply, 404, 'not-found', 'No such channel.')
    const next = { ...before, ...(request.body as Partial<typeof before>) }
    mock.channels.delete(before.slug)
    mock.channels.set(next.slug, next)
    return next
  })
  app.delete<{ Params: { slug: string } }>('/api/v1/channels/:slug', async (request, reply) => {
    mock.channels.delete(request.params.slug)
    return reply.code(204).send()
  })
  app.delete<{ Params: { slug: string } }>('/api/v1/channels/:slug/offline-image', async ({ params }, reply) => {
    mock.channels.set(params.slug, {
      ...(mock.channels.get(params.slug) ?? mockChannel(params.slug)),
      offlineImage: null,
    })
    return reply.code(204).send()
  })
  app.get('/api/v1/channels/:slug/key', async () => ({ key }))
  app.post('/api/v1/channels/:slug/key/rotate', async () => ({ key: (key = `new${key.slice(3)}`) }))
  app.get('/api/v1/channels/:slug/keys', async (): Promise<PublishKeyList> => {
    return { own: { usedAt: '2026-01-01T20:00:00.000Z' }, keys: [...mock.keys] }
  })
  app.post<{ Body: CreateKey }>('/api/v1/channels/:slug/keys', async ({ body }, reply) => {
    const made = mockKey(body.note ?? '', { expiresAt: body.expiresAt ?? null })
    mock.keys.push(made)
    return reply.code(201).send(made)
  })
  app.get<{ Params: { id: string } }>('/api/v1/channels/:slug/keys/:id', async ({ params }, reply) => {
    return mock.keys.find(({ id }) => id === params.id) ?? problem(reply, 404, 'not-found', 'No such key.')
  })
  app.delete<{ Params: { id: string } }>('/api/v1/channels/:slug/keys/:id', async ({ params }, reply) => {
    mock.keys.splice(0, mock.keys.length, ...mock.keys.filter(({ id }) => id !== params.id))
    return reply.code(204).send()
  })
  app.post<{ Body: CreateSignedKey }>('/api/v1/channels/:slug/signed-keys', async ({ body }, reply) => {
    const { expiresAt, sessionEndsAt = null, addresses = [] } = body
    if (addresses.includes('home')) return problem(reply, 400, 'bad-request', '"home" is no IP address or network')
    return reply.code(201).send({ key: 'bs1.cG9saWN5.c2lnbmF0dXJl', expiresAt, sessionEndsAt, addresses })
  })
  app.delete('/api/v1/channels/:slug/signed-keys', async (_, reply) => reply.code(204).send())
  app.get('/api/v1/channels/:slug/health', async () => health)
  app.get('/api/v1/channels/:slug/ladder', async () => ladder)
  app.put<{ Body: LadderSettings }>('/api/v1/channels/:slug/ladder', async ({ body }) => {
    ladder = { ...body, rungs: body.rungs.toSorted((a, b) => b.height - a.height) }
    return ladder
  })
  app.get('/api/v1/ladder/encoders', async () => ({
    encoders: [
      { name: 'x264', works: true, reason: null },
      { name: 'nvenc', works: false, reason: 'Cannot load libcuda.so.1' },
    ],
  }))
  app.get<{ Params: { slug: string } }>('/api/v1/channels/:slug/assets', async () => assets())
  app.get<{ Params: { slug: string } }>('/api/v1/channels/:slug/replays', async ({ params }) => replays(params.slug))
  app.get('/api/v1/assets', async () => assets())
  app.get<{ Params: { id: string } }>('/api/v1/assets/:id', async (request, reply) => {
    return mock.assets.get(request.params.id) ?? problem(reply, 404, 'not-found', 'No such recording.')
  })
  app.delete<{ Params: { id: string } }>('/api/v1/assets/:id', async (request, reply) => {
    mock.assets.delete(request.params.id)
    return reply.code(204).send()
  })
  app.post<{ Params: { id: string } }>('/api/v1/channels/:slug/chat/messages/:id/hide', async (request, reply) => {
    mock.push({ type: 'hidden', ids: [request.params.id] })
    return reply.code(204).send()
  })
  app.get('/api/v1/channels/:slug/chat/bans', async () => ({ bans: mock.bans }))
  app.post<{ Body: CreateBan }>('/api/v1/channels/:slug/chat/bans', async ({ body }, reply) => {
    const said = mock.messages.find(({ id }) => id === body.messageId)
    const ban = mockBan(said?.author.name ?? '?', body.address ?? true)
    mock.bans.push(ban)
    return reply.code(201).send(ban)
  })
  app.delete<{ Params: { id: string } }>('/api/v1/channels/:slug/chat/bans/:id', async (request, reply) => {
    mock.bans.splice(0, mock.bans.length, ...mock.bans.filter(({ id }) => id !== request.params.id))
    return reply.code(204).send()
  })

  function replays(slug: string): ReplayList {
    const ended = [...mock.assets.values()].filter(({ channel, live }) => channel === slug && !live)
    ended.sort((a, b) => b.startedAt.localeCompare(a.startedAt))
    return {
      replays: ended.map(({ id, title, startedAt, duration }) => ({
        ...{ assetId: id, title, startedAt, duration: (duration ?? 0) / 1000, url: `/watch/${id}` },
      })),
      next: null,
    }
  }

  function assets() {
    return { assets: [...mock.assets.values()], next: null }
  }
}

function session(signedIn: boolean) {
  return { signedIn, expiresAt: signedIn ? new Date(Date.now() + 86_400_000).toISOString() : null }
}

const advice: Advice[] = [
  {
    level: 'hint',
    code: 'key-frames-far',
    text: 'Key frames are 8.3 s apart. In OBS set Settings → Output → Keyframe Interval to 2 s: viewers then start sooner.',
  },
]

let ladder: LadderSettings = {
  mode: 'on-demand',
  encoder: 'x264',
  preset: 'veryfast',
  rungs: [
    { height: 480, bitrate: 1_400_000, frameRate: 30 },
    { height: 360, bitrate: 800_000, frameRate: 30 },
  ],
}

const health: ChannelHealth = {
  connected: true,
  encoder: {
    protocol: 'rtmp',
    encoder: 'obs-output module (libobs version 29.1.3)',
    remote: '192.0.2.7',
    keyId: null,
    connectedAt: '2026-01-01T20:00:00.000Z',
    video: {
      codec: 'avc1.64001f',
      width: 1280,
      height: 720,
      frameRate: 30,
      bitrate: 2_480_000,
      keyFrameInterval: 8300,
      bFrames: true,
    },
    audio: { codec: 'mp4a.40.2', sampleRate: 48_000, channels: 2, bitrate: 160_000 },
    timestampJumps: 0,
    damagedUnits: 0,
    malformedUnits: 0,
    unconfiguredUnits: 0,
    furtherSounds: [],
    soundsLeftOut: 0,
    reconnects: 1,
    ladder: {
      state: 'running',
      encoder: 'x264',
      speed: 1,
      restarts: 0,
      rungs: [
        { width: 854, height: 480, shed: false },
        { width: 640, height: 360, shed: false },
      ],
      message: null,
    },
    brought: null,
    sound: null,
    line: null,
    hls: null,
  },
  advice,
}

const instance: Instance = {
  version: '0.1.0',
  recording: { state: 'on', reason: null, bytes: 3_400_000_000, limitBytes: 10_000_000_000 },
  disk: { free: 12_800_000_000, total: 25_000_000_000 },
  publish: {
    rtmp: 'rtmp://192.0.2.1:1935/live',
    rtmps: null,
    srt: { address: 'srt://192.0.2.1:8890', encrypted: false },
    whip: true,
  },
}
