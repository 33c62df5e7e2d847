import { createIntake, type Intake } from '../intake.ts'
import { HLS_LIMITS } from '../limits.ts'
import type { ResolveName } from '../name.ts'
import type { Want } from '../rendition.ts'
import { createSession } from '../session.ts'
import { createSourceLease, type HlsSource, type SourceOptions } from '../source.ts'
import { createHlsClient, type Fetched } from './client.ts'
import { createPolled, noteReload, noteText, type Polled } from './polled.ts'
import { reloadOf, shownUrl, withQuery } from './reload.ts'

export interface UrlOptions extends SourceOptions {
  /** Of a multivariant or a media playlist. */
  readonly url: string
}

/** Failures in a row of which something is made: one lost connection is none. */
const FAILURES = 2

/** Follows HLS that another server has. */
export function pullUrl(options: UrlOptions): HlsSource {
  const { url, now, log, refusals, fields } = options
  const client = createHlsClient(url)
  const polled = new Map<string, Polled>()
  /** Wants whose files are being fetched, by rendition. */
  const fetching = new Map<number, number>()
  /** Wants whose files were fetched in vain, by rendition: when to try again, ms. */
  const retries = new Map<number, { readonly id: number; readonly at: number }>()
  /** It was asked for in vain: what appears then is new. */
  let wasMissing = false
  /** When something new was last listed or read, ms. */
  let movedAt = now()
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
      if (uri.length > HLS_LIMITS.addressLength) return { fault: TOO_LONG }
      if (!URL.canParse(uri, from)) return { fault: 'the playlist names an address that is none' }
      const { protocol, href } = new URL(uri, from)
      if (href.length > HLS_LIMITS.addressLength) return { fault: TOO_LONG }
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
    const names = new Set(isRootNeeded() ? [...intake.playlists, url] : intake.playlists)
    for (const name of polled.keys()) if (!names.has(name)) polled.delete(name)
    for (const name of names) {
      const one = polled.get(name) ?? begin(name)
      if (!one.isAsking && one.dueAt <= now()) void ask(one)
    }
    fetchWanted()
    lease.look()
  }

  /**
   * Once it is known what the multivariant playlist lists it is not asked for again, unless nothing more comes of that: servers give
   * playlists other names for each broadcast or session, and the old ones are gone then.
   */
  function isRootNeeded(): boolean {
    if (intake.lanes.length === 0) return true
    const target = intake.facts.targetDuration * 1_000
    const silence = Math.max(HLS_LIMITS.silenceMs / 2, target * HLS_LIMITS.silenceTargets)
    const isGone = [...polled.values()].some(({ name, failures }) => name !== url && failures >= FAILURES)
    return isGone || intake.ended || now() - movedAt >= silence
  }

  function moved(): void {
    movedAt = now()
    session.touch()
  }

  function begin(name: string): Polled {
    const one = createPolled(name)
    polled.set(name, one)
    return one
  }

  async function ask(one: Polled): Promise<void> {
    one.isAsking = true
    const askedAt = now()
    const { limit, headMs } = { limit: HLS_LIMITS.playlistBytes, headMs: one.headMs }
    const answer = await client.get(withQuery(one.name, one.query), { limit, headMs })
    one.isAsking = false
    if (isClosed || polled.get(one.name) !== one) return
    if (answer.kind !== 'read') {
      fail(one, answer)
      return
    }
    one.failures = 0
    one.base = answer.url
    if (one.name === url && wasMissing && intake.lanes.length === 0) {
      intake = createEmpty()
      retries.clear()
    }
    read(one, new TextDecoder().decode(answer.bytes), askedAt)
    look()
  }

  function read(one: Polled, text: string, askedAt: number): void {
    const isSame = text === one.text
    const reload = noteText(one, text)
    if (reload !== undefined) {
      noteReload(one, askedAt, reload)
      return
    }
    const known = intake.playlists.join(' ')
    const report = intake.playlist(one.name, text, now())
    if (report.kind === 'media') {
      const isNew = report.grown && !isSame
      if (isNew) moved()
      one.reload = reloadOf(report.playlist, false)
      noteReload(one, askedAt, isNew ? reloadOf(report.playlist, true) : one.reload)
      return
    }
    if (known !== intake.playlists.join(' ')) {
      // What is named now has as much time as what was named before, and is read although it came already.
      movedAt = now()
      for (const other of polled.values()) other.again = 0
    }
    one.dueAt = now() + HLS_LIMITS.retryMostMs
  }

  function fail(one: Polled, answer: Exclude<Fetched, { kind: 'read' }>): void {
    if (answer.kind === 'missing' && one.name === url) wasMissing = true
    one.failures++
    one.query = ''
    one.dueAt = now() + Math.min(HLS_LIMITS.retryMostMs, HLS_LIMITS.retryMs * 2 ** Math.min(8, one.failures - 1))
    if (one.failures < FAILURES) return
    const trouble =
      answer.kind === 'missing' ? 'there is nothing at the address (404): nobody is live there' : answer.reason
    intake.trouble(trouble)
    refusals.refused('warn', { ...fields(), trouble }, 'hls: address cannot be read', fields()['source'])
  }

  function fetchWanted(): void {
    for (const want of intake.wants(now(), session.held)) {
      const retry = retries.get(want.rendition)
      if (fetching.has(want.rendition) || (retry?.id === want.id && retry.at > now())) continue
      void fetchOne(want, intake)
    }
  }

  async function fetchOne(want: Want, of: Intake): Promise<void> {
    fetching.set(want.rendition, want.id)
    const { range, name } = want
    const retryIn = (ms: number) => retries.set(want.rendition, { id: want.id, at: now() + ms })
    const answer = await client.get(name, { limit: HLS_LIMITS.fileBytes, ...(range !== undefined && { range }) })
    fetching.delete(want.rendition)
    if (isClosed || of !== intake) return
    if (answer.kind === 'read') {
      const { bytes, version } = answer
      const isUsed = intake.file(want, { bytes, isWhole: true, ...(version !== undefined && { version }) }, now())
      if (isUsed) moved()
      else retryIn(HLS_LIMITS.retryMs)
    } else {
      if (answer.kind === 'failed') intake.trouble(`a segment cannot be read: ${answer.reason}`)
      intake.missing(want, now(), false)
      retryIn(HLS_LIMITS.retryMs / 2)
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

const TOO_LONG = `the playlist names an address of more than ${HLS_LIMITS.addressLength} characters`
