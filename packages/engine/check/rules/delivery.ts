import type { Fetched, MediaObject, Observation } from '../observation.ts'
import { apple, bis, type Rule } from '../rule.ts'
import { eachReading, maxAge, readings, shortUrl } from './read.ts'

/** HTTP: what is reachable, and the headers around it. */
export const deliveryRules: readonly Rule[] = [
  {
    id: 'playlist-unreachable',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'every playlist is answered with 200',
    check(o, report) {
      if (o.top.status !== 200) report(`${o.url}: ${o.top.status || o.top.failure}`)
      for (const { fetched } of o.renditions.flatMap((w) => w.snapshots)) {
        if (fetched.status !== 200) report(`${shortUrl(fetched.url)}: ${fetched.status || fetched.failure}`)
      }
    },
  },
  {
    id: 'media-unreachable',
    level: 'error',
    source: bis('§6.2.1, §6.2.2'),
    title: 'every segment, part and initialisation segment that is listed is served',
    check(o, report) {
      eachObject(o, ({ fetched, hinted }) => {
        if (!hinted && (fetched.status < 200 || fetched.status > 299)) {
          report(`${shortUrl(fetched.url)}: ${fetched.status || fetched.failure}`)
        }
      })
    },
  },
  {
    id: 'playlist-content-type',
    level: 'warning',
    source: apple('10.4'),
    title: 'playlists are sent as application/vnd.apple.mpegurl or audio/mpegurl',
    check(o, report) {
      for (const f of playlists(o)) if (!isPlaylistType(typeOf(f))) report(`${shortUrl(f.url)}: ${typeOf(f)}`)
    },
  },
  {
    id: 'playlist-not-named',
    level: 'error',
    source: bis('§4'),
    title: 'a playlist is known by its path, ending in .m3u8 or .m3u, or else by its content type',
    check(o, report) {
      for (const f of playlists(o)) {
        if (!/\.m3u8?$/.test(new URL(f.url).pathname) && !isPlaylistType(typeOf(f))) {
          report(`${shortUrl(f.url)}: ${typeOf(f)}`)
        }
      }
    },
  },
  {
    id: 'media-content-type',
    level: 'warning',
    source: `${apple('10.4')}; RFC 4337`,
    title: 'media should be sent as what it is: video/mp4, audio/mp4, video/iso.segment or video/mp2t',
    check(o, report) {
      eachOk(o, ({ fetched, fragmented }) => {
        const type = typeOf(fetched)
        const fits = fragmented ? /^(video|audio|application)\/(mp4|iso\.segment)$/ : /^(video|audio|text)\//
        if (!fits.test(type)) report(`${shortUrl(fetched.url)}: ${type}`)
      })
    },
  },
  {
    id: 'cors-missing',
    level: 'warning',
    source: 'Fetch standard, CORS protocol',
    title: 'without the header Access-Control-Allow-Origin no page of another origin can play it',
    check(o, report) {
      for (const f of playlists(o)) if (!f.headers.has('access-control-allow-origin')) report(shortUrl(f.url))
      eachOk(o, ({ fetched, kind }) => {
        if (!fetched.headers.has('access-control-allow-origin')) report(`${kind}s`)
      })
    },
  },
  {
    id: 'live-playlist-cached-long',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'caches let the next version of a live playlist through within 1.5 target durations',
    check(o, report) {
      eachPolled(o, (age, target, url) => {
        if (age > 1.5 * target) report(`${url}: may be cached for ${age} s`)
      })
    },
  },
  {
    id: 'live-playlist-cached-over-half',
    level: 'warning',
    source: bis('Appendix B.1'),
    title: 'a live playlist should be cached for no longer than half its target duration',
    check(o, report) {
      eachPolled(o, (age, target, url) => {
        // The header counts whole seconds.
        if (age > Math.ceil(target / 2) && age <= 1.5 * target) report(`${url}: may be cached for ${age} s`)
      })
    },
  },
  {
    id: 'playlist-cache-unsaid',
    level: 'warning',
    source: `${bis('Appendix B.1')}; RFC 9111 §4.2.2`,
    title: 'playlists should say in Cache-Control how long they may be cached, or caches guess',
    check(o, report) {
      for (const f of playlists(o)) if (!f.headers.has('cache-control')) report(shortUrl(f.url))
    },
  },
  {
    id: 'media-cached-briefly',
    level: 'warning',
    source: bis('§6.2.2, Appendix B.1'),
    title: 'media should say how long it may be cached, six target durations at least',
    check(o, report) {
      const target = Math.max(0, ...o.renditions.flatMap((w) => readings(w).map((s) => s.playlist.targetDuration)))
      eachOk(o, ({ fetched, kind }) => {
        const age = maxAge(fetched.headers)
        if (age === undefined) report(`${kind}s: neither Cache-Control nor Expires`)
        else if (age < 6 * target) report(`${kind}s: for ${age} s`)
      })
    },
  },
  {
    id: 'missing-cached',
    level: 'warning',
    source: bis('Appendix B.1'),
    title: 'what is not there yet should not be remembered as missing for longer than a target duration',
    check(o, report) {
      const { missing } = o.probes
      if (missing === undefined || missing.status < 400) return
      const age = maxAge(missing.headers)
      const target = o.renditions.flatMap(readings).at(-1)?.playlist.targetDuration ?? 0
      if (age !== undefined && age > target) report(`${missing.status} for ${age} s`)
    },
  },
  {
    id: 'missing-not-said',
    level: 'warning',
    source: bis('§6.2.6'),
    title: 'a file that does not exist should be answered 404',
    check(o, report) {
      const status = o.probes.missing?.status
      if (status !== undefined && status !== 404 && status !== 410 && status !== 403) report(`answered ${status}`)
    },
  },
  {
    id: 'playlist-not-compressed',
    level: 'warning',
    source: `${bis('§6.2.1, Appendix B.1')}; ${apple('10.1')}`,
    title: 'playlists beyond a few packets should be sent with gzip',
    check(o, report) {
      for (const f of playlists(o)) {
        if (f.size > 1_500 && !f.headers.has('content-encoding')) report(`${shortUrl(f.url)}: ${f.size} bytes`)
      }
    },
  },
  {
    id: 'range-not-honoured',
    level: 'warning',
    source: 'RFC 9110 §14',
    title: 'media should be served in ranges (Range: bytes=…)',
    check(o, report) {
      const { range, get } = o.probes
      if (range === undefined || get?.status !== 200 || get.size < 10) return
      if (range.status !== 206) report(`answered ${range.status}`)
      else if (range.size !== 8 || !range.headers.get('content-range')?.startsWith('bytes 2-9/'))
        report('answered 206 with another range')
    },
  },
  {
    id: 'head-differs',
    level: 'warning',
    source: 'RFC 9110 §9.3.2',
    title: 'HEAD should have the status and length of GET',
    check(o, report) {
      const { head, get } = o.probes
      if (head === undefined || get === undefined) return
      if (head.status !== get.status) report(`HEAD ${head.status}, GET ${get.status}`)
      const [a, b] = [head.headers.get('content-length'), get.headers.get('content-length')]
      if (a !== undefined && b !== undefined && a !== b) report(`content-length: HEAD ${a}, GET ${b}`)
    },
  },
]

/** Answers that are playlists. */
function playlists(o: Observation): Fetched[] {
  const all = [o.top, ...o.renditions.flatMap((w) => w.snapshots.map((s) => s.fetched))]
  return all.filter((f) => f.status === 200)
}

/** Media type without parameters. */
function typeOf(f: Fetched): string {
  return f.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'no content type'
}

function isPlaylistType(type: string): boolean {
  return type === 'application/vnd.apple.mpegurl' || type === 'audio/mpegurl'
}

/** Calls `f` for every reading of a live playlist that did not block: seconds it may be cached, its target duration. */
function eachPolled(o: Observation, f: (age: number, target: number, url: string) => void): void {
  eachReading(o, (p, w, s) => {
    const age = maxAge(s.fetched.headers)
    if (!p.endList && s.directives.msn === undefined && age !== undefined) f(age, p.targetDuration, shortUrl(w.url))
  })
}

function eachObject(o: Observation, f: (object: MediaObject) => void): void {
  for (const w of o.renditions) for (const object of w.objects.values()) f(object)
}

function eachOk(o: Observation, f: (object: MediaObject) => void): void {
  eachObject(o, (object) => {
    if (object.fetched.status >= 200 && object.fetched.status < 300) f(object)
  })
}
