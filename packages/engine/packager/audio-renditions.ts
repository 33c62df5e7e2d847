import type { TrackId } from '@bandstand/media/access-unit.ts'
import type { Rendition } from '@bandstand/media/manifests/hls/model.ts'
import type { AudioTrackConfig, TrackConfig } from '@bandstand/media/track.ts'

/** A sound that viewers may choose, as playlists and manifests list it. */
export interface AudioRendition {
  readonly track: TrackId
  readonly config: AudioTrackConfig
  /** For people, in its own language where that is known; no two of a list have the same. */
  readonly name: string
  /** RFC 5646; `undefined` where the encoder does not say. */
  readonly language: string | undefined
  /** It is played unless another is chosen: the first. */
  readonly isDefault: boolean
  /** Players may choose it by the language of their user: there is no other in that. */
  readonly isAutoselected: boolean
}

/** All sounds among these tracks, the first one first. */
export function audioRenditions(
  tracks: readonly { readonly track: TrackId; readonly config: TrackConfig }[],
): readonly AudioRendition[] {
  const names = new Set<string>()
  const languages = new Set<string | undefined>()
  const sounds = tracks.flatMap(({ track, config }) => (config.kind === 'audio' ? [{ track, config }] : []))
  const inOrder = sounds.toSorted((a, b) => a.track - b.track)
  return inOrder.map(({ track, config }, i) => {
    const language = languageTag(config.language)
    const name = unusedName(languageName(language) ?? (i === 0 ? 'Main' : `Track ${i + 1}`), names)
    const isAutoselected = i === 0 || (language !== undefined && !languages.has(language))
    names.add(name)
    languages.add(language)
    return { track, config, name, language, isDefault: i === 0, isAutoselected }
  })
}

/**
 * Those that may stand in one group with the first: its codec. A variant says all codecs of its group (RFC 8216bis §4.4.6.2), and players leave it
 * out where they lack one of them.
 */
export function sameCodec(all: readonly AudioRendition[]): readonly AudioRendition[] {
  return all.filter(({ config }) => config.codec === all[0]?.config.codec)
}

/** A rendition group of these (§4.4.6.1). */
export function renditionGroup(
  groupId: string,
  all: readonly AudioRendition[],
  uriOf: (track: TrackId) => string,
): readonly Rendition[] {
  return all.map(({ track, config, name, language, isDefault, isAutoselected }) => ({
    type: 'AUDIO',
    ...{ groupId, name, uri: uriOf(track) },
    ...(language !== undefined && { language }),
    default: isDefault,
    autoselect: isAutoselected,
    channels: String(config.channels),
  }))
}

/** The shortest code of a language (RFC 5646 §2.2.1): `de` for ISO 639-2 `deu` and `ger`. */
function languageTag(language: string | undefined): string | undefined {
  if (language === undefined) return undefined
  try {
    return Intl.getCanonicalLocales(language)[0]
  } catch {
    return undefined
  }
}

/** What a language calls itself: `Deutsch`; `undefined` of one that has no name here. */
function languageName(tag: string | undefined): string | undefined {
  if (tag === undefined) return undefined
  const name = new Intl.DisplayNames([tag], { type: 'language', fallback: 'none' }).of(tag)
  // A name stands in a quoted string of a playlist (§4.2).
  return name?.replace(/["\p{Cc}]/gu, '')
}

function unusedName(name: string, used: ReadonlySet<string>): string {
  let found = name
  for (let i = 2; used.has(found); i++) found = `${name} ${i}`
  return found
}
