import type { MediaPlaylist, Variant } from '@bandstand/media/manifests/hls/model.ts'
import type { FakeAnswer, FakeRequest, FakeState, Mutation } from './stream-fixture.ts'

export function isPlaylist(r: FakeRequest): boolean {
  return r.rendition === 'top' || r.file === 'index.m3u8'
}

export function isMedia(r: FakeRequest): boolean {
  return !isPlaylist(r)
}

/** Serves the text in place of the playlist of its kind. */
export function asMutation(text: string): Mutation {
  return /#EXT-X-(STREAM-INF|MEDIA):/.test(text) ? { topText: () => text } : { text: () => text }
}

export function answer(f: (a: FakeAnswer, r: FakeRequest) => FakeAnswer): Mutation {
  return { answer: f }
}

/** Sets a header, or takes it away. */
export function header(of: (r: FakeRequest) => boolean, name: string, value?: string): Mutation {
  return answer((a, r) => {
    if (!of(r)) return a
    return { ...a, headers: { ...without(a.headers, name), ...(value !== undefined && { [name]: value }) } }
  })
}

/** A copy that lacks a property. */
export function without<T extends object, K extends keyof T>(value: T, key: K): Omit<T, K> {
  const copy = { ...value }
  delete copy[key]
  return copy
}

export function withText(a: FakeAnswer, f: (text: string) => string): FakeAnswer {
  return { ...a, body: new TextEncoder().encode(f(new TextDecoder().decode(a.body))) }
}

export function variant(f: (v: Variant) => Variant): Mutation {
  return { top: (p) => ({ ...p, variants: p.variants.map(f) }) }
}

export function model(f: NonNullable<Mutation['model']>): Mutation {
  return { model: f }
}

export function delta(f: (p: MediaPlaylist) => MediaPlaylist): Mutation {
  return model((p, state) => (state.delta ? f(p) : p))
}

type Segment = MediaPlaylist['segments'][number]

export function segments(f: (s: Segment, msn: number, reading: number) => Segment): Mutation {
  return model((p, { reading }) => {
    const from = p.mediaSequence + (p.skippedSegments ?? 0)
    return { ...p, segments: p.segments.map((s, i) => f(s, from + i, reading)) }
  })
}

/** The same of one rendition only. */
export function segmentsOf(rendition: FakeState['rendition'], f: (s: Segment) => Segment): Mutation {
  return model((p, state) => (state.rendition === rendition ? { ...p, segments: p.segments.map(f) } : p))
}

export function ofType(type: 'EVENT' | 'VOD', text: string): string {
  return text.replace('#EXT-X-TARGETDURATION', `#EXT-X-PLAYLIST-TYPE:${type}\n#EXT-X-TARGETDURATION`)
}

/** With its last part a segment is still open once, and closed in the next reading. */
export const lateToClose: Mutation = model((p, { parts, rendition }) => {
  const last = p.segments.at(-1)
  const name = `${rendition} ${parts}`
  if (p.trailingParts.length > 0 || last === undefined || seenOpen.has(name)) return p
  seenOpen.add(name)
  return { ...p, segments: p.segments.slice(0, -1), trailingParts: last.parts }
})
const seenOpen = new Set<string>()

export function withControl(
  p: MediaPlaylist,
  more: Partial<NonNullable<MediaPlaylist['serverControl']>>,
): MediaPlaylist {
  return p.serverControl === undefined ? p : { ...p, serverControl: { ...p.serverControl, ...more } }
}

export function control(more: Partial<NonNullable<MediaPlaylist['serverControl']>>): Mutation {
  return model((p) => withControl(p, more))
}

export function reports(off: number): Mutation {
  return model((p) => ({
    ...p,
    renditionReports: p.renditionReports.map((r) => ({ ...r, lastMsn: (r.lastMsn ?? 0) + off })),
  }))
}

/**
 * A ladder that is made on demand: the sound stands for a rung that is listed with gaps up to the segment in which the check asks
 * for it.
 *
 * @param said what the playlist of the other says of it while it rests, made of a report of its gaps
 */
export function resting(
  said: (r: MediaPlaylist['renditionReports'][number]) => MediaPlaylist['renditionReports'],
): Mutation {
  /** Its first segment with media: the one in the making when the check begins. */
  const begun = 20
  const gap = (msn: number) => (part: Segment['parts'][number], n: number) => {
    return { ...part, uri: `g${msn}-${n}.m4s`, independent: false, gap: true }
  }
  return model((p, { rendition, reading }) => {
    if (rendition === 'v1') {
      if (reading > 0) return p
      const reports = p.renditionReports.flatMap((r) => said({ ...r, lastMsn: begun - 2, lastPart: 5 }))
      return { ...p, renditionReports: reports }
    }
    const from = p.mediaSequence + (p.skippedSegments ?? 0)
    const asGap = (s: Segment, msn: number) => ({ ...s, uri: `g${msn}.m4s`, gap: true, parts: s.parts.map(gap(msn)) })
    return { ...p, segments: p.segments.map((s, i) => (from + i < begun ? asGap(s, from + i) : s)) }
  })
}

export function partsOf(msn: number): Segment['parts'] {
  return Array.from({ length: 6 }, (_, i) => ({
    uri: `p${msn * 6 + i}.m4s`,
    duration: 1 / 3,
    independent: i === 0,
    gap: false,
  }))
}
