import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { tellLength } from '@bandstand/engine/http/general-requests.ts'
import type { Log } from '@bandstand/engine/ports.ts'
import { sendError } from '@bandstand/platform/http/register.ts'
import { type PageOptions, registerPages } from '@bandstand/platform/pages/register.ts'
import type { Platform } from '@bandstand/platform/platform.ts'
import Fastify, { type FastifyServerOptions } from 'fastify'
import type { Probes } from './probes.ts'
import type { Settings } from './settings/schema.ts'

const distDir = fileURLToPath(new URL('../../packages/ui/dist', import.meta.url))

/** Routes check with zod; left to itself Fastify loads a hundred modules of a validator and a serializer at once. */
const withoutCompilers = {
  compilersFactory: { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify },
} as unknown as NonNullable<FastifyServerOptions['schemaController']>

export interface ApplicationOptions {
  readonly settings: Settings
  readonly platform: Platform
  readonly probes: Probes
  readonly log: Log
  /** Channels and recordings have a picture. */
  readonly hasPictures: boolean
  readonly sizeOf: NonNullable<PageOptions['sizeOf']>
}

/** API, pages and probes: everything over HTTP that is not media. */
export interface Application {
  handle(req: IncomingMessage | Http2ServerRequest, res: ServerResponse | Http2ServerResponse): void
  close(): Promise<void>
}

export async function createApplication(options: ApplicationOptions): Promise<Application> {
  const { settings, platform, probes, log, hasPictures, sizeOf } = options
  // Connections are the HTTP server's, which media share; Fastify only routes.
  const app = Fastify({
    logger: false,
    trustProxy: settings.trustProxy.length === 0 ? false : [...settings.trustProxy],
    // What the framework itself refuses, for example an address that cannot be decoded, is a problem document too.
    frameworkErrors: (error, request, reply) => sendError(error, request, reply, log),
    routerOptions: { maxParamLength: 200 },
    schemaController: withoutCompilers,
  })
  // What is long, as files of the owner's site, has longer on a thin line.
  app.addHook('onSend', (_request, reply, payload, done) => {
    const told = Number(reply.getHeader('content-length') ?? 0)
    const isWhole = typeof payload === 'string' || payload instanceof Uint8Array
    tellLength(reply.raw, told || (isWhole ? payload.length : 0))
    done()
  })
  // Pages and probes; the API has its own.
  app.setErrorHandler((error, request, reply) => sendError(error, request, reply, log))
  probes.register(app)
  await platform.register(app)
  await registerPages(app, {
    siteDir: join(settings.data, 'site'),
    distDir,
    publicUrl: settings.publicUrl,
    hasPictures,
    sizeOf,
    ...platform.pages,
  })
  await app.ready()
  return {
    handle: (req, res) => app.routing(req as IncomingMessage, res as ServerResponse),
    close: () => app.close(),
  }
}
