import { type Clip, type ClipTrack, partDuration } from './clip.ts'

/**
 * A mock of a live broadcast: reveals a clip part by part as time goes by, as LL-HLS. Not a packager: just enough for the
 * pages to be tested without the server.
 */
export interface MockStream {
  readonly assetId: string
  readonly startedAt: number
  /** Answers a path below `/live/{channel}/` or `/vod/{asset}/`. */
  answer(path: string, query: URLSearchParams, vod: boolean): Promise<{ type: string; body: string | Buffer } | number>
  /** The encoder stops sending; `resume` goes on after a discontinuity. */
  pause(): void
  resume(): void
  /** The broadcast is over. */
  end(): void
}

const segmentParts = 6
const windowSegments = 8

/** @param listed segments in the live playlists of renditions (`v0`), where they are not as many as usual */
export function createMockStream(
  clip: Clip,
  assetId: string,
  startedAt: number,
  now = Date.now,
  listed: Readonly<Record<string, number>> = {},
): MockStream {
  const total = Math.min(clip.video.parts.length, clip.audio.parts.length)
  let ended = false
  /** Part numbers at which the encoder came back, and for how long it was away before each; milliseconds. */
  const breaks: { part: number; away: number }[] = []
  let pausedAt: number | undefined

  function away(): number {
    return breaks.reduce((sum, one) => sum + one.away, 0)
  }

  function count(): number {
    const at = pausedAt ?? now()
    return Math.min(total, Math.max(0, Math.floor((at - startedAt - away()) / 1000 / partDuration)))
  }

  function dateOf(part: number): string {
    const before = breaks.filter((one) => one.part <= part).reduce((sum, one) => sum + one.away, 0)
    return new Date(startedAt + before + part * partDuration * 1000).toISOString()
  }

  const rungOf = (name: string) => (name === 'v' ? undefined : clip.rungs?.[Number(name.slice(1))])

  /** `a`, `v`, or `v` and the number of a rung. */
  function trackOf(name: string): ClipTrack | undefined {
    if (name === 'a') return clip.audio
    return name === 'v' ? clip.video : rungOf(name)?.track
  }

  /** A part that begins with a key frame, or is of sound. */
  function isIndependent(name: string, part: number): boolean {
    return name === 'a' || part % (rungOf(name)?.keyParts ?? clip.keyParts) === 0
  }

  function playlist(track: string, { durations }: ClipTrack, vod: boolean): string {
    const seconds = (from: number, to: number) => durations.slice(from, to).reduce((sum, one) => sum + one, 0)
    const parts = count()
    const last = Math.floor(parts / segmentParts)
    const over = ended || parts === total
    const complete = over ? Math.ceil(parts / segmentParts) : last
    const first = vod ? 0 : Math.max(0, complete - (listed[track] ?? windowSegments))
    const lines = ['#EXTM3U', '#EXT-X-VERSION:9', '#EXT-X-TARGETDURATION:4']
    if (vod) lines.push(`#EXT-X-PLAYLIST-TYPE:${over ? 'VOD' : 'EVENT'}`)
    else {
      lines.push('#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.05')
      lines.push('#EXT-X-PART-INF:PART-TARGET=0.35')
    }
    lines.push(`#EXT-X-MEDIA-SEQUENCE:${first}`, '#EXT-X-MAP:URI="init.mp4"')
    for (let sn = first; sn <= complete; sn++) {
      const from = sn * segmentParts
      const to = Math.min(from + segmentParts, parts)
      if (breaks.some((one) => one.part === from && from > 0)) lines.push('#EXT-X-DISCONTINUITY')
      if (to > from) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${dateOf(from)}`)
      if (!vod && sn > complete - 7) {
        for (let part = from; part < to; part++) {
          const key = isIndependent(track, part) ? ',INDEPENDENT=YES' : ''
          lines.push(`#EXT-X-PART:DURATION=${seconds(part, part + 1).toFixed(5)},URI="p${part}.m4s"${key}`)
        }
      }
      if (sn < complete && !isIndependent(track, from)) lines.push('#BANDSTAND-INDEPENDENT:NO')
      if (sn < complete) lines.push(`#EXTINF:${seconds(from, to).toFixed(5)},`, `s${sn}.m4s`)
    }
    if (over) lines.push('#EXT-X-ENDLIST')
    else if (!vod) lines.push(`#EXT-X-PRELOAD-HINT:TYPE=PART,URI="p${parts}.m4s"`)
    return `${lines.join('\n')}\n`
  }

  async function until(parts: number): Promise<boolean> {
    for (const deadline = now() + 12_000; now() < deadline; ) {
      if (count() >= parts || ended) return true
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return false
  }

  return {
    assetId,
    startedAt,
    async answer(path, query, vod) {
      if (path === 'index.m3u8') return { type: 'application/vnd.apple.mpegurl', body: multivariant(clip) }
      const [, track, file] = /^(a|v\d*)\/(.+)$/.exec(path) ?? []
      const source = track && trackOf(track)
      if (!track || !file || !source) return 404
      if (file === 'index.m3u8') {
        const msn = query.get('_HLS_msn')
        if (msn !== null && !vod) {
          const part = Number(query.get('_HLS_part') ?? segmentParts - 1)
          if (!(await until(Number(msn) * segmentParts + part + 1))) return 503
        }
        return { type: 'application/vnd.apple.mpegurl', body: playlist(track, source, vod) }
      }
      if (file === 'init.mp4') return { type: 'video/mp4', body: source.init }
      const part = Number(/^p(\d+)\.m4s$/.exec(file)?.[1] ?? Number.NaN)
      if (Number.isFinite(part)) {
        if (!(await until(part + 1))) return 404
        const body = source.parts[part]
        return body ? { type: 'video/mp4', body } : 404
      }
      const sn = Number(/^s(\d+)\.m4s$/.exec(file)?.[1] ?? Number.NaN)
      const body = source.parts.slice(sn * segmentParts, Math.min((sn + 1) * segmentParts, count()))
      return body.length > 0 ? { type: 'video/mp4', body: Buffer.concat(body) } : 404
    },
    pause() {
      pausedAt ??= now()
    },
    resume() {
      if (pausedAt === undefined) return
      // Goes on at a segment's beginning, as an epoch does.
      const at = Math.ceil(count() / segmentParts) * segmentParts
      const skipped = (at - count()) * partDuration * 1000
      breaks.push({ part: at, away: now() - pausedAt - skipped })
      pausedAt = undefined
    },
    end() {
      ended = true
      pausedAt ??= now()
    },
  }
}

function multivariant({ rungs }: Clip): string {
  const plain = [
    '#EXT-X-STREAM-INF:BANDWIDTH=600000,CODECS="avc1.42c00d,mp4a.40.2",RESOLUTION=320x180,AUDIO="a"',
    'v/index.m3u8',
  ]
  const variants = rungs?.flatMap(({ height, bitrate }, i) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${Math.round(bitrate * 1.05 + 70_000)},CODECS="avc1.42c01f,mp4a.40.2",RESOLUTION=${(height * 16) / 9}x${height},FRAME-RATE=30.000,AUDIO="a"`,
    `v${i}/index.m3u8`,
  ])
  return [
    '#EXTM3U',
    '#EXT-X-VERSION:9',
    '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="Audio",DEFAULT=YES,AUTOSELECT=YES,URI="a/index.m3u8"',
    ...(variants ?? plain),
    '',
  ].join('\n')
}
