import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { ServerMessage } from '@bandstand/contract/chat/server.ts'
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { WebSocket } from 'ws'
import { API_PREFIX, sendError } from '../http/register.ts'
import { createPlatform, type Platform, type PlatformOptions } from '../platform.ts'
import type { EncoderHealth, EnginePort, InstancePort, LiveFacts } from '../ports.ts'

/** An engine that does nothing but remember what it was told. */
export interface FakeEngine extends EnginePort {
  readonly calls: string[]
  readonly running: Map<string, LiveFacts>
  readonly encoders: Map<string, EncoderHealth>
  /** Why the broadcast of a channel is not recorded. */
  readonly unrecordedFor: Map<string, string>
}

export function createFakeEngine(): FakeEngine {
  const calls: string[] = []
  const running = new Map<string, LiveFacts>()
  const encoders = new Map<string, EncoderHealth>()
  const unrecordedFor = new Map<string, string>()
  return {
    calls,
    running,
    encoders,
    unrecordedFor,
    hasWebRtc: true,
    live: (id) => running.get(id),
    health: (id) => encoders.get(id),
    unrecorded: (id) => unrecordedFor.get(id),
    onKeysChanged: (id) => void calls.push(`keys changed ${id}`),
    onChannelRenamed: (id, slug) => void calls.push(`renamed ${id} ${slug}`),
    async stopChannel(id) {
      calls.push(`stop ${id}`)
      running.delete(id)
    },
    ladderEncoders: async () => [{ name: 'x264', works: true, reason: null }],
    async deleteAsset(id) {
      calls.push(`delete ${id}`)
    },
  }
}

export const fakeInstance: InstancePort = {
  version: '0.0.0',
  facts: (host) => ({
    recording: { state: 'on', reason: null, bytes: 5, limitBytes: 10 },
    disk: { free: 1, total: 2 },
    publish: { rtmp: `rtmp://${host}:1935/live`, rtmps: null, srt: null, whip: true },
  }),
}

/** Where this key lets an encoder publish. */
export async function admitted(directory: Platform['directory'], key: string) {
  const admission = await directory.admit({ protocol: 'rtmp', remote: '192.0.2.1', key })
  return 'refusal' in admission || admission.objection() !== undefined ? undefined : admission.channel
}

export const PASSWORD = 'a password of the owner'

export interface Started {
  readonly platform: Platform
  readonly app: FastifyInstance
  readonly engine: FakeEngine
  readonly dataDir: string
  /** Lines that were logged, as JSON. */
  readonly logged: string[]
  readonly origin: string
  /** Signs the owner in; the cookie for further requests. */
  readonly signIn: () => Promise<string>
  /** A request of the API by the owner. */
  readonly asOwner: (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
  ) => Promise<LightMyRequestResponse>
  readonly chat: (path?: string, headers?: Record<string, string>) => Promise<ChatClient>
  readonly stop: () => Promise<void>
}

/** A platform with a Fastify server that listens on a free port; everything goes when the test ends. */
export async function startPlatform(t: TestContext, given: Partial<PlatformOptions> = {}): Promise<Started> {
  const dataDir = given.dataDir ?? (await mkdtemp(join(tmpdir(), 'bandstand-')))
  const engine = createFakeEngine()
  const logged: string[] = []
  const line = (fields: object, message: string) =>
    void logged.push(
      JSON.stringify({ ...fields, message }, (_key, value) => (value instanceof Error ? `${value.stack}` : value)),
    )
  const log = { debug: line, info: line, warn: line, error: line }
  const settings = { ownerPassword: PASSWORD }
  // At its full cost hashing would take most of the time of nearly every test.
  const passwordCost = 10
  const platform = await createPlatform({
    ...{ dataDir, settings, log, engine, instance: fakeInstance, passwordCost },
    ...given,
  })
  const app = Fastify({ frameworkErrors: (error, request, reply) => sendError(error, request, reply, log) })
  const answered = new Set<string>()
  app.addHook('onResponse', async ({ method, routeOptions: { url = '' } }, { statusCode }) => {
    if (url.startsWith(API_PREFIX)) answered.add(`${method} ${url} ${statusCode}`)
  })
  await platform.register(app)
  app.server.on('upgrade', (request, socket, head) => {
    if (!platform.chat.upgrade(request, socket, head)) socket.destroy()
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  described ??= statusesOf((await app.inject(`${API_PREFIX}/openapi.json`)).json())
  const { port } = app.server.address() as AddressInfo
  const clients: ChatClient[] = []
  let stopped = false
  let cookie: string | undefined

  const started: Started = {
    ...{ platform, app, engine, dataDir, logged },
    origin: `http://127.0.0.1:${port}`,
    async signIn() {
      const payload = { password: given.settings?.ownerPassword ?? PASSWORD }
      const reply = await app.inject({ method: 'POST', url: '/api/v1/session', payload })
      return String(reply.headers['set-cookie']).split(';')[0] ?? ''
    },
    async asOwner(method, path, body) {
      cookie ??= await started.signIn()
      return app.inject({ method, url: `/api/v1${path}`, headers: { cookie }, ...(body && { payload: body }) })
    },
    async chat(path = '/live/main/chat', headers = {}) {
      const client = await openChat(`ws://127.0.0.1:${port}${path}`, headers)
      clients.push(client)
      return client
    },
    async stop() {
      if (stopped) return
      stopped = true
      for (const client of clients) client.socket.terminate()
      await platform.close()
      await app.close()
    },
  }
  t.after(async () => {
    await started.stop()
    if (given.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    // Another policy than the instance's own is not described.
    if (given.authorize === undefined) assertDescribed(answered)
  })
  return started
}

/** The same in all tests of a process. */
let described: ReadonlySet<string> | undefined

/** Whatever a test was answered is in the API's description. */
function assertDescribed(answered: ReadonlySet<string>): void {
  for (const line of answered) {
    if (line.includes('/openapi.json')) continue
    assert.ok(described?.has(line.replace(/^HEAD/, 'GET')), `${line} is not described`)
  }
}

/** `GET /api/v1/channels 200` for each answer that an OpenAPI document names. */
function statusesOf({ paths }: { readonly paths: Readonly<Record<string, Record<string, { responses: object }>>> }) {
  return new Set(
    Object.entries(paths).flatMap(([path, item]) =>
      Object.entries(item).flatMap(([method, { responses }]) =>
        Object.keys(responses).map(
          (status) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')} ${status}`,
        ),
      ),
    ),
  )
}

/** A page's chat socket. */
export interface ChatClient {
  readonly socket: WebSocket
  readonly closed: Promise<number>
  send(message: object): void
  /** The next frame of a type; others before it are dropped. */
  next<T extends ServerMessage['type']>(type: T): Promise<ServerMessage & { type: T }>
  /** Frames that came and were not asked for. */
  readonly unread: ServerMessage[]
}

function openChat(url: string, headers: Record<string, string>): Promise<ChatClient> {
  const socket = new WebSocket(url, { headers, perMessageDeflate: false })
  const unread: ServerMessage[] = []
  let wake: (() => void) | undefined
  socket.on('message', (data: Buffer) => {
    unread.push(JSON.parse(data.toString()))
    wake?.()
  })
  const closed = new Promise<number>((resolve) => socket.on('close', (code) => resolve(code)))
  void closed.then(() => wake?.())
  const client: ChatClient = {
    socket,
    closed,
    unread,
    send: (message) => socket.send(JSON.stringify(message)),
    async next(type) {
      const deadline = Date.now() + 30_000
      for (;;) {
        const message = unread.shift()
        if (message?.type === type) return message as never
        if (message !== undefined) continue
        if (socket.readyState === WebSocket.CLOSED || Date.now() > deadline) throw new Error(`no ${type} came`)
        await new Promise<void>((resolve) => {
          wake = resolve
          setTimeout(resolve, 500)
        })
      }
    },
  }
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(client))
    socket.on('error', reject)
  })
}
