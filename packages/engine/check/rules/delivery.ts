import type { Fetched, MediaObject, Observation } from '../observation.ts'
import { bis, type Rule } from '../rule.ts'
import { eachReading, maxAge, shortUrl } from './read.ts'

/** HTTP: what is reachable, and the headers around it. */
export const deliveryRules: readonly Rule[] = [
  {
    id: 'playlist-unreachable',
    level: 'error',
    source: bis('§6.2.1'),
    title: 'every playlist is to be had, and is a playlist',
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
    title: 'every listed segment, part and initialisation segment is to be had',
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
    level: 'error',
    source: bis('§4'),
    title: 'playlists are application/vnd.apple.mpegurl or audio/mpegurl',
    check(o, report) {
      for (const f of playlists(o)) {
        const type = f.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'none'
        if (type !== 'application/vnd.apple.mpegurl' && type !== 'audio/mpegurl') report(`${shortUrl(f.url)}: ${type}`)
      }
    },
  },
  {
    id: 'media-content-type',
    level: 'warning',
    source: 'Apple HLS authoring specification; RFC 4337',
    title: 'media is video/mp4, audio/mp4, video/iso.segment or video/mp2t',
    check(o, report) {
      eachOk(o, ({ fetched, fragmented }) => {
        const type = fetched.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? 'none'
        const fits = fragmented ? /^(video|audio|application)\/(mp4|iso\.segment)$/ : /^(video|audio|text)\//
        if (!fits.test(type)) report(`${shortUrl(fetched.url)}: ${type}`)
      })
    },
  },
  {
    id: 'cors-missing',
    level: 'warning',
    source: 'Fetch standard, CORS protocol',
    title: 'pages of other origins may play it: Access-Control-Allow-Origin',
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
    source: bis('§6.2.2, Appendix B.1'),
    title: 'a live playlist is not cached for longer than its target duration',
    check(o, report) {
      eachReading(o, (p, w, s) => {
        const age = maxAge(s.fetched.headers)
        if (p.endList || s.directives.msn !== undefined || age === undefined) return
        if (age > p.targetDuration) report(`${shortUrl(w.url)}: ${age} s`)
      })
    },
  },
  {
    id: 'playlist-cache-unsaid',
    level: 'warning',
    source: 'RFC 9111 §4.2.2',
    title: 'playlists say how long they may be cached, or caches guess',
    check(o, report) {
      for (const f of playlists(o)) if (!f.headers.has('cache-control')) report(shortUrl(f.url))
    },
  },
  {
    id: 'media-cached-briefly',
    level: 'warning',
    source: bis('§6.2.1'),
    title: 'media never changes and may be cached at least as long as it is listed',
    check(o, report) {
      eachOk(o, ({ fetched, kind }) => {
        const age = maxAge(fetched.headers)
        if (age === undefined || age < 60) report(`${kind}s: ${age ?? 'no Cache-Control'}`)
      })
    },
  },
  {
    id: 'missing-cached',
    level: 'error',
    source: 'RFC 9111 §4.2.2',
    title: 'what is not there yet is not remembered as missing',
    check(o, report) {
      const { missing } = o.probes
      if (missing === undefined || missing.status < 400) return
      const age = maxAge(missing.headers)
      if (age !== undefined && age > 2) report(`${missing.status} for ${age} s`)
    },
  },
  {
    id: 'missing-not-said',
    level: 'error',
    source: 'RFC 9110 §15.5.5',
    title: 'a file that does not exist is answered 404',
    check(o, report) {
      const status = o.probes.missing?.status
      if (status !== undefined && status !== 404 && status !== 410 && status !== 403) report(`answered ${status}`)
    },
  },
  {
    id: 'playlist-not-compressed',
    level: 'warning',
    source: 'Apple HLS authoring specification',
    title: 'playlists beyond a few packets are sent with gzip',
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
    title: 'media is to be had in ranges',
    check(o, report) {
      const { range, get } = o.probes
      if (range === undefined || get?.status !== 200 || get.size < 10) return
      if (range.status !== 206) report(`answered ${range.status}`)
      else if (range.size !== 8 || !range.headers.get('content-range')?.startsWith('bytes 2-9/'))
        report('another range')
    },
  },
  {
    id: 'head-differs',
    level: 'warning',
    source: 'RFC 9110 §9.3.2',
    title: 'HEAD has the status and length of GET',
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

function eachObject(o: Observation, f: (object: MediaObject) => void): void {
  for (const w of o.renditions) for (const object of w.objects.values()) f(object)
}

function eachOk(o: Observation, f: (object: MediaObject) => void): void {
  eachObject(o, (object) => {
    if (object.fetched.status >= 200 && object.fetched.status < 300) f(object)
  })
}
