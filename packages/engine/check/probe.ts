import type { Ask } from './client.ts'
import type { Observation, RenditionWatch } from './observation.ts'
import { entriesOf, nextPosition } from './timeline.ts'
import { keyOf, unread } from './watch.ts'

/** Makes the single requests that show what a server does at the edges; on one rendition, for all are served alike. */
export async function probe(ask: Ask, observation: Observation): Promise<void> {
  const watch: RenditionWatch | undefined = observation.renditions[0]
  const last = watch?.snapshots.findLast((s) => s.playlist !== unread)
  if (watch === undefined || last === undefined) return
  const { playlist } = last
  const { probes } = observation
  const withQuery = (query: string) => `${watch.url}${watch.url.includes('?') ? '&' : '?'}${query}`
  if (playlist.serverControl?.canBlockReload === true && !playlist.endList) {
    for (const [name, query] of [
      ['farFuture', `_HLS_msn=${nextPosition(playlist).msn + 100}`],
      ['partWithoutMsn', '_HLS_part=0'],
    ] as const) {
      const answer = await ask(withQuery(query))
      // Once a playlist has ended directives are ignored (§6.2.5.2): where that is so by now, the answer shows nothing.
      if (!Buffer.from(answer.body).includes('#EXT-X-ENDLIST')) probes[name] = answer
    }
  }
  probes.missing = await ask(new URL('bandstand-check-no-such-file.m4s', watch.url).href)
  const segment = entriesOf(playlist).findLast((e) => e.segment?.gap === false && e.segment.byteRange === undefined)
  if (segment?.segment !== undefined) {
    const url = keyOf(watch.url, segment.segment.uri, undefined)
    probes.get = await ask(url)
    probes.head = await ask(url, { method: 'HEAD' })
    probes.range = await ask(url, { headers: { range: 'bytes=2-9' } })
  }
}
