import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import { registerPages } from '@bandstand/platform/pages/register.ts'
import websocket from '@fastify/websocket'
import Fastify, { type FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import { ownAddresses } from '../../support/bandstand.ts'
import { registerMockApi } from './api.ts'
import type { MockServer } from './model.ts'
import { mockChannel, mockMessage } from './values.ts'

/** It comes back to the port that it had. */
const { hostname: host } = new URL(`http://${ownAddresses.http}`)
const distDir = join(import.meta.dirname, '../../../packages/ui/dist')

export async function startMockServer(): Promise<MockServer> {
  const siteDir = await mkdtemp(join(tmpdir(), 'site-'))
  const sockets = new Set<WebSocket>()
  let app: FastifyInstance
  let port = 0
  let sessions = 0

  const mock: MockServer = {
    url: '',
    siteDir,
    channels: new Map([['main', mockChannel('main')]]),
    streams: new Map(),
    assets: new Map(),
    messages: [],
    bans: [],
    keys: [],
    requests: [],
    owner: false,
    whep: undefined,
    goLive(slug, stream) {
      mock.streams.set(slug, stream)
      const before = mock.channels.get(slug) ?? mockChannel(slug)
      const startedAt = new Date(stream.startedAt).toISOString()
      mock.channels.set(slug, { ...before, live: true, assetId: stream.assetId, startedAt, viewers: 3 })
      pushChannel(slug)
    },
    goOffline(slug) {
      mock.streams.get(slug)?.end()
      const before = mock.channels.get(slug) ?? mockChannel(slug)
      mock.channels.set(slug, { ...before, live: false, assetId: null, startedAt: null, viewers: 0 })
      pushChannel(slug)
    },
    push,
    async down() {
      for (const socket of sockets) socket.terminate()
      app.server.closeAllConnections()
      await app.close()
    },
    async up() {
      app = await listen()
    },
    async close() {
      await mock.down()
      await rm(siteDir, { recursive: true, force: true })
    },
  }

  function push(message: ServerMessage): void {
    for (const socket of sockets) socket.send(JSON.stringify(message))
  }

  function pushChannel(slug: string): void {
    const channel = mock.channels.get(slug)
    if (!channel) return
    const { title, live, viewers, startedAt, assetId, generation, latency } = channel
    push({ type: 'channel', slug, title, live, viewers, startedAt, assetId, generation, latency })
  }

  function onSocket(socket: WebSocket): void {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    let name: string | null = null
    const send = (message: ServerMessage) => socket.send(JSON.stringify(message))
    socket.on('message', (data) => {
      const message = JSON.parse((data as Buffer).toString())
      if (message.type === 'hello') {
        name = message.name ?? null
        const you = message.chat ? { id: 'usr_you', name, token: 'token', owner: mock.owner } : null
        send({
          type: 'welcome',
          you,
          history: message.chat ? mock.messages : [],
          settings: { enabled: true, slowMode: 0 },
        })
      } else if (message.type === 'rename') {
        if (/host|owner/i.test(message.name))
          send({ type: 'error', code: 'name-taken', text: 'That name belongs to the host.' })
        else send({ type: 'renamed', name: (name = message.name) ?? '' })
      } else if (message.type === 'say') {
        if (message.text.startsWith('!!')) {
          return send({
            type: 'error',
            code: 'rate-limited',
            text: 'You are writing too fast.',
            clientId: message.clientId,
            retryAfter: 2000,
          })
        }
        const said = mockMessage(name ?? '?', message.text, { clientId: message.clientId })
        mock.messages.push(said)
        push({ type: 'messages', messages: [said] })
      } else if (message.type === 'ping') send({ type: 'pong' })
    })
  }

  async function listen(): Promise<FastifyInstance> {
    const fresh = Fastify({ forceCloseConnections: true })
    fresh.addHook('onRequest', async (request) => {
      if (mock.requests.length < 5000) mock.requests.push(`${request.method} ${request.url}`)
    })
    await fresh.register(websocket)
    fresh.get<{ Params: { slug: string } }>('/live/:slug/chat', { websocket: true }, (socket) => onSocket(socket))
    const media = (kind: 'live' | 'vod') =>
      fresh.get<{ Params: { name: string; '*': string } }>(`/${kind}/:name/*`, async (request, reply) => {
        const { name } = request.params
        const streams = [...mock.streams.entries()]
        const stream = streams.find(([slug, one]) => (kind === 'live' ? slug === name : one.assetId === name))?.[1]
        if (kind === 'live' && !mock.channels.get(name)?.live && request.params['*'] === 'index.m3u8')
          return reply.code(404).send()
        const query = new URLSearchParams(request.url.split('?')[1] ?? '')
        const answer = (await stream?.answer(request.params['*'], query, kind === 'vod')) ?? 404
        if (typeof answer === 'number') return reply.code(answer).send()
        return reply.type(answer.type).header('cache-control', 'no-cache').send(answer.body)
      })
    media('live')
    media('vod')
    fresh.addContentTypeParser('application/sdp', { parseAs: 'string' }, async (_: unknown, body: unknown) => body)
    fresh.post<{ Params: { slug: string }; Body: string }>('/live/:slug/whep', async (request, reply) => {
      const answer = await mock.whep?.answer(request.body)
      if (!answer) return reply.code(404).send()
      if ('sdp' in answer) {
        const location = `/live/${request.params.slug}/whep/${++sessions}`
        if (answer.rendition !== undefined) reply.header('bandstand-rendition', answer.rendition)
        return reply.code(201).type('application/sdp').header('location', location).send(answer.sdp)
      }
      const { status, code } = answer
      return reply
        .code(status)
        .type('application/problem+json')
        .send({ status, code, detail: `refused: ${code}` })
    })
    const layer = '/live/:slug/whep/:session/layer'
    fresh.get<{ Params: { session: string } }>(layer, async ({ params }, reply) => {
      return mock.whep?.layers(params.session) ?? reply.code(404).send()
    })
    fresh.post<{ Params: { session: string }; Body: string }>(layer, async ({ params, body }, reply) => {
      const { encodingId } = JSON.parse(body) as { encodingId?: string }
      await mock.whep?.choose(params.session, encodingId)
      return mock.whep?.layers(params.session) ?? reply.code(404).send()
    })
    fresh.delete('/live/:slug/whep/:session', async (_, reply) => reply.code(204).send())
    registerMockApi(fresh, mock)
    await registerPages(fresh, {
      siteDir,
      distDir,
      publicUrl: undefined,
      hasPictures: false,
      channels: () => [...mock.channels.values()],
      channel: (slug) => mock.channels.get(slug),
      asset: (id) => mock.assets.get(id),
    })
    await fresh.listen({ port, host })
    port = (fresh.server.address() as AddressInfo).port
    return fresh
  }

  app = await listen()
  Object.assign(mock, { url: `http://${host}:${port}` })
  return mock
}
