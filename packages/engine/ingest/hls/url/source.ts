import { createIntake, type Intake } from '../intake.ts'
import { HLS_LIMITS } from '../limits.ts'
import type { ResolveName } from '../name.ts'
import type { Want } from '../rendition.ts'
import { createSession } from '../session.ts'
import { createSourceLease, type HlsSource, type SourceOptions } from '../source.ts'
import { createHlsClient, type Fetched } from './client.ts'
import { reloadOf, shownUrl, withQuery } from './reload.ts'

export interface UrlOptions extends SourceOptions {
  /** Of a multivariant or a media playlist. */
  readonly url: string
}

/** One playlist that is asked for again and again. */
interface Polled {
  readonly name: string
  /** Where redirects have led. */
  base: string
  text: string | undefined
  /** When it is to be asked for, ms. */
  dueAt: number
  query: string
  headMs: number
  isAsking: boolean
  failures: number
}

/** Follows HLS that another server has. */
export function pullUrl(options: UrlOptions): HlsSource {
  const { url, now, log, refusals, fields } = options
  const client = createHlsClient(url)
  const polled = new Map<string, Polled>()
  /** Wants whose files are being fetched, by rendition. */
  const fetching = new Map<number, number>()
  /** Files that were fetched in vain: when to try again, ms. */
  const retryAt = new Map<string, number>()
  /** It was asked for in vain: what appears then is new. */
  let wasMissing = false
  let isClosed = false
  let intake = createEmpty()
  const session = createSession({
    // What it lists is known with the first answer, and whether that may be old.
    get intake() {
      return intake
    },
    ...{ fields, log, refusals, now },
    onEnd: () => undefined,
  })
  const lease = createSourceLease(options, session, () => ({ source: 'url', ...intake.facts }))
  const timer = setInterval(look, HLS_LIMITS.lookMs / 2)
  look()

  function createEmpty(): Intake {
    const resolve: ResolveName = (base, uri) => {
      const from = polled.get(base)?.base ?? base
      if (!URL.canParse(uri, from)) return { fault: 'the playlist names an address that is none' }
      const { protocol, href } = new URL(uri, from)
      if (protocol === 'http:' || protocol === 'https:') return { name: href }
      return { fault: `the playlist names an address of another kind (${protocol}): only http and https are asked` }
    }
    return createIntake({
      resolve,
      root: url,
      begin: wasMissing ? 'listed' : 'after-listed',
      isOrdered: false,
      maxBitrate: options.maxBitrate,
      // Keys stand in what it asks for, and in front of its host.
      shown: shownUrl,
    })
  }

  function look(): void {
    if (isClosed) return
    const names = intake.playlists
    for (const name of polled.keys()) if (!names.includes(name)) polled.delete(name)
    for (const name of names) {
      const one = polled.get(name) ?? begin(name)
      if (!one.isAsking && one.dueAt <= now()) void ask(one)
    }
    fetchWanted()
    lease.look()
  }

  function begin(name: string): Polled {
    const one = {
      name,
      base: name,
      text: undefined,
      dueAt: 0,
      query: '',
      headMs: HLS_LIMITS.headMs,
      isAsking: false,
      failures: 0,
    }
    polled.set(name, one)
    return one
  }

  async function ask(one: Polled): Promise<void> {
    one.isAsking = true
    const askedAt = now()
    const { limit, headMs } = { limit: HLS_LIMITS.playlistBytes, headMs: one.headMs }
    const answer = await client.get(withQuery(one.name, one.query), { limit, headMs })
    one.isAsking = false
    if (isClosed) return
    if (answer.kind !== 'read') {
      fail(one, answer)
      return
    }
    const text = new TextDecoder().decode(answer.bytes)
    one.failures = 0
    one.base = answer.url
    const isSame = text === one.text
    one.text = text
    if (one.name === url && wasMissing && intake.lanes.length === 0) intake = createEmpty()
    const report = intake.playlist(one.name, text, now())
    if (report.kind === 'media') {
      if (report.grown && !isSame) session.touch()
      const reload = reloadOf(report.playlist, report.grown && !isSame)
      one.dueAt = askedAt + reload.after
      one.query = reload.query
      one.headMs = reload.headMs
    } else one.dueAt = now() + (report.kind === 'refused' ? HLS_LIMITS.retryMostMs : 0)
    look()
  }

  function fail(one: Polled, answer: Exclude<Fetched, { kind: 'read' }>): void {
    if (answer.kind === 'missing' && one.name === url) wasMissing = true
    one.failures++
    one.query = ''
    one.dueAt = now() + Math.min(HLS_LIMITS.retryMostMs, HLS_LIMITS.retryMs * 2 ** Math.min(8, one.failures - 1))
    // The first one is told when it comes again: one lost connection is none.
    if (one.failures < 2) return
    const trouble =
      answer.kind === 'missing' ? 'there is nothing at the address (404): nobody is live there' : answer.reason
    intake.trouble(trouble)
    refusals.refused('warn', { ...fields(), trouble }, 'hls: address cannot be read', fields()['source'])
  }

  function fetchWanted(): void {
    for (const want of intake.wants(now(), session.held)) {
      if (fetching.has(want.rendition) || (retryAt.get(want.name) ?? 0) > now()) continue
      void fetchOne(want, intake)
    }
  }

  async function fetchOne(want: Want, of: Intake): Promise<void> {
    fetching.set(want.rendition, want.id)
    const { range, name } = want
    const answer = await client.get(name, { limit: HLS_LIMITS.fileBytes, ...(range !== undefined && { range }) })
    fetching.delete(want.rendition)
    if (isClosed || of !== intake) return
    if (answer.kind === 'read') {
      const { bytes, version } = answer
      const isUsed = intake.file(want, { bytes, isWhole: true, ...(version !== undefined && { version }) }, now())
      if (isUsed) {
        retryAt.clear()
        session.touch()
      } else retryAt.set(name, now() + HLS_LIMITS.retryMs)
    } else {
      if (answer.kind === 'failed') intake.trouble(`a segment cannot be read: ${answer.reason}`)
      intake.missing(want, now(), false)
      retryAt.set(name, now() + HLS_LIMITS.retryMs / 2)
    }
    session.advance()
    look()
  }

  return {
    async close() {
      isClosed = true
      clearInterval(timer)
      lease.close()
      client.close()
    },
  }
}
