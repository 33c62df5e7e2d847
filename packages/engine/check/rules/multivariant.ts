import { apple, bis, type Rule } from '../rule.ts'
import { unread } from '../watch.ts'
import { shortUrl } from './read.ts'

/** The multivariant playlist by itself. */
export const multivariantRules: readonly Rule[] = [
  {
    id: 'variants-none',
    level: 'error',
    source: bis('§2, §6.2.4'),
    title: 'a multivariant playlist lists at least one variant, or there is nothing to play',
    check(o, report) {
      if (o.multivariant?.playlist.variants.length === 0) report('no EXT-X-STREAM-INF')
    },
  },
  {
    id: 'variant-not-media',
    level: 'error',
    source: bis('§4.4.6.1, §4.4.6.2'),
    title: 'the URIs of a multivariant playlist lead to media playlists, not to another multivariant one',
    check(o, report) {
      for (const { fetched, playlist, unreadable, notUtf8 } of o.renditions.flatMap((w) => w.snapshots)) {
        if (unreadable !== undefined || notUtf8 === true) continue
        if (fetched.status === 200 && playlist === unread) report(shortUrl(fetched.url))
      }
    },
  },
  {
    id: 'variant-codecs-missing',
    level: 'warning',
    source: `${bis('§4.4.6.2')}; ${apple('9.1')}`,
    title: 'every variant should say its CODECS',
    check(o, report) {
      for (const v of o.multivariant?.playlist.variants ?? []) if (v.codecs === undefined) report(v.uri)
    },
  },
  {
    id: 'variant-resolution-missing',
    level: 'warning',
    source: `${bis('§4.4.6.2')}; ${apple('9.2')}`,
    title: 'a variant with video should say its RESOLUTION',
    check(o, report) {
      for (const v of o.multivariant?.playlist.variants ?? []) {
        if (hasVideo(v.codecs) && v.resolution === undefined) report(v.uri)
      }
    },
  },
  {
    id: 'variant-frame-rate-missing',
    level: 'warning',
    source: `${bis('§4.4.6.2')}; ${apple('9.15')}`,
    title: 'a variant with video should say its FRAME-RATE',
    check(o, report) {
      for (const v of o.multivariant?.playlist.variants ?? []) {
        if (hasVideo(v.codecs) && v.frameRate === undefined) report(v.uri)
      }
    },
  },
  {
    id: 'variant-group-unknown',
    level: 'error',
    source: bis('§4.4.6.2'),
    title: 'AUDIO, SUBTITLES and CLOSED-CAPTIONS name the GROUP-ID of a rendition of that type',
    check(o, report) {
      const p = o.multivariant?.playlist
      for (const v of p?.variants ?? []) {
        for (const [type, group] of [
          ['AUDIO', v.audio],
          ['SUBTITLES', v.subtitles],
          ['CLOSED-CAPTIONS', v.closedCaptions === 'NONE' ? undefined : v.closedCaptions],
        ] as const) {
          if (group === undefined) continue
          if (p?.renditions.some((r) => r.type === type && r.groupId === group) !== true)
            report(`${v.uri}: ${type} ${group}`)
        }
      }
    },
  },
  {
    id: 'group-names-not-unique',
    level: 'error',
    source: bis('§4.4.6.1.1'),
    title: 'renditions of a group have different names',
    check(o, report) {
      eachGroup(o.multivariant?.playlist.renditions ?? [], (group, members) => {
        const names = members.map((r) => r.name)
        if (new Set(names).size < names.length) report(group)
      })
    },
  },
  {
    id: 'group-defaults-many',
    level: 'error',
    source: bis('§4.4.6.1.1'),
    title: 'a group has at most one default rendition',
    check(o, report) {
      eachGroup(o.multivariant?.playlist.renditions ?? [], (group, members) => {
        if (members.filter((r) => r.default).length > 1) report(group)
      })
    },
  },
]

function hasVideo(codecs: readonly string[] | undefined): boolean {
  return codecs?.some((c) => /^(avc|hvc|hev|av01|vp0|dvh)/.test(c)) === true
}

function eachGroup<T extends { readonly type: string; readonly groupId: string }>(
  renditions: readonly T[],
  f: (group: string, members: readonly T[]) => void,
): void {
  for (const [group, members] of Map.groupBy(renditions, (r) => `${r.type} ${r.groupId}`)) f(group, members)
}
