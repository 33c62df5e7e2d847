import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { escapeHtml } from '../http/escape.ts'
import { isKnown } from '../http/etag.ts'
import type { PageFacts } from './facts.ts'
import { createFileReader, type FileReader, type SiteFile } from './files.ts'
import { type Head, printHead } from './head.ts'
import { DIRECTORY_MAX } from './limits.ts'
import {
  type Embeddable,
  type OembedQuery,
  oembedAddress,
  type PictureSize,
  parsePageAddress,
  printOembed,
} from './oembed.ts'
import { type PageKind, policyOf } from './policy.ts'
import { parseRange } from './range.ts'
import { type EntryName, readScripts, type Scripts } from './scripts.ts'
import { fillTemplate, type Html } from './template.ts'

export interface PageOptions extends PageFacts {
  /** Where the owner puts pages and files of his own: `data/site`. Need not exist. */
  readonly siteDir: string
  /** What the build of the pages wrote. */
  readonly distDir: string
  /** Address that viewers use, where it is configured; else it is taken from the request. */
  readonly publicUrl: string | undefined
  /** Video that is live or was recorded has a picture at `/live/{slug}/thumbnail.jpg` and `/vod/{asset}/poster.jpg`. */
  readonly hasPictures: boolean
  /** Size of the video of what is live or was recorded, as it is shown; `undefined` where it is not known (in time). */
  sizeOf?(assetId: string): Promise<PictureSize | undefined>
}

interface Page {
  /** Name of the file in the pages' folder and in `data/site`. */
  readonly file: string
  readonly kind: PageKind
  readonly head: Head
  readonly values: Readonly<Record<string, string | Html>>
  readonly status?: number
}

/**
 * Serves the pages for people, the scripts they need, and the owner's own files. Adds `GET` routes only, and the wildcard
 * that answers what nothing else does.
 */
export async function registerPages(app: FastifyInstance, options: PageOptions): Promise<void> {
  const own = createFileReader(options.siteDir)
  const built = createFileReader(join(options.distDir, 'pages'))
  const assets = createFileReader(join(options.distDir, 'assets'))
  let scripts: Scripts | undefined = await readScripts(options.distDir)

  async function entry(name: EntryName) {
    // The pages may be built after the server was started.
    scripts ??= await readScripts(options.distDir)
    return scripts?.[name]
  }

  function origin(request: FastifyRequest): string {
    return (options.publicUrl ?? `${request.protocol}://${request.host}`).replace(/\/+$/, '')
  }

  /** Picture and size of a video. Sound alone has no size, and no picture at that address. */
  async function seenOf(assetId: string | null, picture: string): Promise<Pick<Embeddable, 'image' | 'size'>> {
    const size = assetId === null ? undefined : await options.sizeOf?.(assetId)
    if (size === undefined) return {}
    return { size, ...(options.hasPictures && { image: picture }) }
  }

  async function channelEmbed(request: FastifyRequest, { slug, title, live, assetId }: Channel): Promise<Embeddable> {
    const from = origin(request)
    const seen = await seenOf(live ? assetId : null, from + posterOf.channel(slug))
    return { title, player: `${from}/@${slug}/embed`, origin: from, ...seen }
  }

  async function assetEmbed(request: FastifyRequest, { id, title }: Asset): Promise<Embeddable> {
    const from = origin(request)
    const seen = await seenOf(id, from + posterOf.asset(id))
    return { title, player: `${from}/watch/${id}/embed`, origin: from, ...seen }
  }

  async function send(request: FastifyRequest, reply: FastifyReply, page: Page): Promise<FastifyReply> {
    const mine = await own.read(page.file)
    const file = mine ?? (await built.read(page.file))
    if (file?.body === undefined) {
      reply.code(503).type('text/plain; charset=utf-8').header('cache-control', 'no-store')
      return reply.send('The pages have not been built yet. Run: npm run build\n')
    }
    const template = file.body.toString('utf8')
    const values = { ...page.values, title: page.head.title, head: { html: printHead(page.head, template) } }
    const html = fillTemplate(template, values)
    const body = Buffer.from(html)
    reply
      .headers(safety)
      .header('content-security-policy', policyOf(mine && page.kind !== 'studio' ? 'owner' : page.kind))
    if (page.kind === 'studio') reply.header('x-frame-options', 'DENY')
    const etag = `"${createHash('sha1').update(body).digest('base64url')}"`
    reply
      .code(page.status ?? 200)
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
    if (page.status === undefined && unchanged(request, reply, etag)) return reply
    return reply.send(body)
  }

  async function notFound(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const head: Head = { title: 'Nothing here' }
    return send(request, reply, { file: 'not-found.html', kind: 'page', head, values: {}, status: 404 })
  }

  async function channelPage(
    request: FastifyRequest,
    reply: FastifyReply,
    channel: Channel,
    file: 'channel' | 'embed' | 'chat',
  ): Promise<FastifyReply> {
    const base = `${origin(request)}/@${channel.slug}`
    const { player, image, size } = await channelEmbed(request, channel)
    // Of now while it is live, else what its owner chose.
    const picture = image ?? (channel.offlineImage && origin(request) + channel.offlineImage)
    const name = file === 'channel' ? 'viewer' : file
    const head: Head = {
      title: file === 'chat' ? `Chat of ${channel.title}` : channel.title,
      description: channel.description,
      canonical: base,
      ...(picture ? { image: picture } : {}),
      ...(size === undefined ? {} : { size }),
      ...(file === 'channel' ? { player, oembed: oembedAddress(origin(request), base) } : {}),
      playlist: `/live/${channel.slug}/index.m3u8`,
      scripts: await entry(name),
      plays: channel.live && file !== 'chat',
      facts: { channel },
    }
    const values = {
      channel: channel.slug,
      description: channel.description,
      poster: options.hasPictures ? posterOf.channel(channel.slug) : '',
    }
    return send(request, reply, { file: `${file}.html`, kind: file === 'channel' ? 'page' : 'embed', head, values })
  }

  app.get('/', async (request, reply) => {
    const channels = await options.channels()
    const only = channels[0]
    if (channels.length === 1 && only) return channelPage(request, reply, only, 'channel')
    const head: Head = { title: 'Channels', canonical: `${origin(request)}/` }
    const values = { channels: { html: directory(channels) } }
    return send(request, reply, { file: 'index.html', kind: 'page', head, values })
  })

  for (const file of ['channel', 'embed', 'chat'] as const) {
    app.get<{ Params: { slug: string } }>(`/@:slug${file === 'channel' ? '' : `/${file}`}`, async (request, reply) => {
      const channel = await options.channel(request.params.slug)
      return channel ? channelPage(request, reply, channel, file) : notFound(request, reply)
    })
  }

  async function assetPage(
    request: FastifyRequest,
    reply: FastifyReply,
    asset: Asset,
    file: 'watch' | 'embed-replay',
  ): Promise<FastifyReply> {
    const canonical = `${origin(request)}/watch/${asset.id}`
    const { player, image, size } = await assetEmbed(request, asset)
    const head: Head = {
      title: asset.title,
      canonical,
      ...(image === undefined ? {} : { image }),
      ...(size === undefined ? {} : { size }),
      ...(file === 'watch' ? { player, oembed: oembedAddress(origin(request), canonical) } : {}),
      playlist: `/vod/${asset.id}/index.m3u8`,
      scripts: await entry(file === 'watch' ? 'viewer' : 'embed'),
      plays: true,
      facts: { asset },
    }
    const channel = await options.channel(asset.channel)
    const values = {
      ...{ asset: asset.id, date: dateOf(asset), poster: options.hasPictures ? posterOf.asset(asset.id) : '' },
      ...{ channel: asset.channel, 'channel-title': channel?.title ?? asset.channel },
    }
    return send(request, reply, { file: `${file}.html`, kind: file === 'watch' ? 'page' : 'embed', head, values })
  }

  for (const [path, file] of [['/watch/:asset', 'watch'] as const, ['/watch/:asset/embed', 'embed-replay'] as const]) {
    app.get<{ Params: { asset: string } }>(path, async (request, reply) => {
      const asset = await options.asset(request.params.asset)
      return asset ? assetPage(request, reply, asset, file) : notFound(request, reply)
    })
  }

  async function embeddable(request: FastifyRequest, url: string): Promise<Embeddable | undefined> {
    const address = parsePageAddress(url, origin(request))
    if (address?.kind === 'asset') {
      const asset = await options.asset(address.id)
      return asset && assetEmbed(request, asset)
    }
    const channels = address?.kind === 'front' ? await options.channels() : []
    const channel = address?.kind === 'channel' ? await options.channel(address.slug) : channels[0]
    return channel && channels.length <= 1 ? channelEmbed(request, channel) : undefined
  }

  app.get<{ Querystring: OembedQuery & { url?: unknown; format?: unknown } }>('/api/oembed', async (request, reply) => {
    const { url, format = 'json', ...query } = request.query
    // Nobody asks for XML any more; this is how one is told (oEmbed 1.0 §2.3.3).
    if (format !== 'json') {
      return reply.code(501).type('text/plain; charset=utf-8').send('Only format=json is answered.\n')
    }
    const found = typeof url === 'string' ? await embeddable(request, url) : undefined
    if (found === undefined) return reply.callNotFound()
    reply.headers({ ...safety, 'cache-control': 'public, max-age=60', 'access-control-allow-origin': '*' })
    return reply.type('application/json; charset=utf-8').send(printOembed(found, query))
  })

  app.get('/studio', async (request, reply) => {
    const head: Head = { title: 'Studio', scripts: await entry('studio') }
    return send(request, reply, { file: 'studio.html', kind: 'studio', head, values: {} })
  })

  app.get('/studio/live', async (request, reply) => {
    const head: Head = { title: 'Go live', scripts: await entry('live') }
    return send(request, reply, { file: 'live.html', kind: 'studio', head, values: {} })
  })

  app.get<{ Params: { '*': string } }>('/assets/*', async (request, reply) => {
    const path = request.params['*']
    const best = await compressed(assets, path, request.headers['accept-encoding'] ?? '')
    if (!best) return notFound(request, reply)
    reply.headers({
      ...safety,
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'accept-encoding',
      // Module scripts of other sites' pages are fetched with CORS.
      'access-control-allow-origin': '*',
      ...(best.encoding ? { 'content-encoding': best.encoding } : {}),
    })
    reply.type(best.type)
    return unchanged(request, reply, best.file.etag) ? reply : sendBytes(request, reply, best.file)
  })

  app.get('/elements.js', async (request, reply) => {
    const file = await entry('elements')
    if (!file) return notFound(request, reply)
    // One lasting address for other sites; the scripts behind it change their names with their content.
    const body = `import ${JSON.stringify(`.${file.entry}`)}\n`
    reply.headers({ ...safety, 'cache-control': 'no-cache', 'access-control-allow-origin': '*' })
    reply.type('text/javascript; charset=utf-8')
    const etag = `"${createHash('sha1').update(body).digest('base64url')}"`
    return unchanged(request, reply, etag) ? reply : reply.send(body)
  })

  app.get<{ Params: { '*': string } }>('/*', async (request, reply) => {
    const path = request.params['*']
    const plain = PAGE_WITH_SLASH.exec(path)?.[1]
    if (plain !== undefined) return reply.redirect(`/${plain}${/\?.*/s.exec(request.url)?.[0] ?? ''}`, 308)
    // Programs ask there: a problem, as the server answers other methods, not a page for people.
    if (FOR_PROGRAMS.test(path)) return reply.callNotFound()
    if (OF_THE_SERVER.test(path)) return notFound(request, reply)
    const mine = (await own.read(path)) ?? (path === 'favicon.ico' ? await own.read('icon.svg') : undefined)
    const file =
      mine ?? (path.endsWith('.html') ? undefined : await built.read(path === 'favicon.ico' ? 'icon.svg' : path))
    if (!file) return notFound(request, reply)
    reply.headers({ ...safety, 'content-security-policy': policyOf('owner'), 'cache-control': 'no-cache' })
    reply.type(file.type).header('accept-ranges', 'bytes')
    return unchanged(request, reply, file.etag) ? reply : sendRange(request, reply, file)
  })
}

/** Sends what is asked for of a file. Safari plays video and sound from servers alone that send ranges. */
function sendRange(request: FastifyRequest, reply: FastifyReply, file: SiteFile): FastifyReply {
  const { method, headers } = request
  const { size, etag } = file
  const isSame = headers['if-range'] === undefined || headers['if-range'] === etag
  // Ranges are for GET alone (RFC 9110, 14.2).
  const range = method === 'GET' && isSame ? parseRange(headers.range, size) : undefined
  if (range === undefined) return sendBytes(request, reply, file)
  if (range === 'unsatisfiable') return reply.code(416).header('content-range', `bytes */${size}`).send()
  const { start, end } = range
  reply.code(206).header('content-range', `bytes ${start}-${end - 1}/${size}`)
  return sendBytes(request, reply, file, start, end)
}

/** Sends bytes of a file from `start` to before `end`. */
function sendBytes(
  { method }: FastifyRequest,
  reply: FastifyReply,
  file: SiteFile,
  start = 0,
  end = file.size,
): FastifyReply {
  // A stream does not say how long it is. For HEAD what is given is read to its end and thrown away.
  reply.header('content-length', end - start)
  return reply.send(method === 'HEAD' && file.body === undefined ? Readable.from([]) : file.slice(start, end))
}

const posterOf = {
  channel: (slug: string) => `/live/${slug}/thumbnail.jpg`,
  asset: (id: string) => `/vod/${id}/poster.jpg`,
} as const

/** Addresses of pages as people type them, with a slash at the end that does not belong there. */
const PAGE_WITH_SLASH = /^(studio(?:\/live)?|@[a-z0-9-]+(?:\/(?:embed|chat))?|watch\/[a-z0-9_-]+(?:\/embed)?)\/+$/

/** Addresses of the server itself, also those where there is nothing yet: the owner's files cannot take them. */
const FOR_PROGRAMS = /^(api|ingest|live|vod)\//
const OF_THE_SERVER = /^(api|assets|ingest|live|studio|vod|watch|@[^/]*)(\/|$)/

const safety = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'strict-origin-when-cross-origin' } as const

/** Answers 304 where the browser has this very body. */
function unchanged(request: FastifyRequest, reply: FastifyReply, etag: string): boolean {
  reply.header('etag', etag)
  const known = isKnown(request.headers['if-none-match'], etag)
  if (known) reply.code(304).send()
  return known
}

async function compressed(
  assets: FileReader,
  path: string,
  accepted: string,
): Promise<{ file: SiteFile; type: string; encoding?: string } | undefined> {
  if (/\.(gz|br)$/.test(path)) return undefined
  const plain = await assets.read(path)
  if (!plain) return undefined
  for (const [encoding, ending] of [['br', '.br'] as const, ['gzip', '.gz'] as const]) {
    if (!new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0(?:\\.0*)?\\s*(?:,|$))`).test(accepted)) continue
    const file = await assets.read(path + ending)
    if (file) return { file, type: plain.type, encoding }
  }
  return { file: plain, type: plain.type }
}

function directory(channels: readonly Channel[]): string {
  if (channels.length === 0) return '<p>There is no channel yet.</p>'
  const items = channels.slice(0, DIRECTORY_MAX).map(({ slug, title, live, viewers }) => {
    const state = live ? `<span class="on">Live</span> <span>${viewers} watching</span>` : '<span>Offline</span>'
    return `<li><a href="/@${escapeHtml(slug)}"><strong>${escapeHtml(title)}</strong>${state}</a></li>`
  })
  return `<ul class="channels">\n${items.join('\n')}\n</ul>`
}

/** Day of the broadcast, in a form every country reads; the server does not know the viewer's. */
function dateOf(asset: Asset): string {
  return new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' }).format(new Date(asset.startedAt))
}
