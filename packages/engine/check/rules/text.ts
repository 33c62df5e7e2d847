import { type PlaylistRule, playlistAdvice, playlistRules } from '@bandstand/media/manifests/hls/issue.ts'
import { decode } from '../read-playlist.ts'
import { bis, type Rule } from '../rule.ts'
import { readings, shortUrl } from './read.ts'

/** What the parser finds in the text of each playlist, a rule for each kind. */
export const textRules: readonly Rule[] = [
  ...(Object.keys(playlistRules) as PlaylistRule[]).map((id): Rule => {
    const [section = '', title = ''] = playlistRules[id].split(/: (.*)/s)
    return {
      id,
      level: playlistAdvice.has(id) ? 'warning' : 'error',
      source: bis(section),
      title,
      check(o, report) {
        for (const i of o.multivariant?.issues ?? [])
          if (i.rule === id) report(`multivariant line ${i.line}: ${i.message}`)
        for (const watch of o.renditions) {
          for (const s of readings(watch)) {
            for (const i of s.issues) if (i.rule === id) report(`${shortUrl(watch.url)} line ${i.line}: ${i.message}`)
          }
        }
      },
    }
  }),
  {
    id: 'not-utf8',
    level: 'error',
    source: bis('§4.1'),
    title: 'a playlist is encoded in UTF-8',
    check(o, report) {
      if (o.top.status === 200 && decode(o.top.body) === undefined) report(shortUrl(o.top.url))
      for (const { notUtf8, fetched } of o.renditions.flatMap((w) => w.snapshots))
        if (notUtf8 === true) report(shortUrl(fetched.url))
    },
  },
  {
    id: 'playlist-unreadable',
    level: 'error',
    source: 'bounds of this command',
    title: 'a playlist has lines, and as many of them, as a player can be expected to read',
    check(o, report) {
      if (o.unreadable !== undefined) report(`${shortUrl(o.top.url)}: ${o.unreadable}`)
      for (const { fetched, unreadable } of o.renditions.flatMap((w) => w.snapshots)) {
        if (unreadable !== undefined) report(`${shortUrl(fetched.url)}: ${unreadable}`)
      }
    },
  },
]
