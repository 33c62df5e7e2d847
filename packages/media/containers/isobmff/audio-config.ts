import { audioConfigFromAsc } from '../../codecs/aac/config.ts'
import { audioConfigFromDac3, audioConfigFromDec3 } from '../../codecs/ac3/config.ts'
import { audioConfigFromFlacMetadata } from '../../codecs/flac/config.ts'
import { audioConfigFromMp3Header } from '../../codecs/mp3/config.ts'
import { audioConfigFromDOps } from '../../codecs/opus/config.ts'
import type { AudioTrackConfig } from '../../track.ts'
import { type Box, findBox, openFullBox } from './box.ts'
import { OBJECT_TYPE, parseEsds } from './esds.ts'

/**
 * The track's configuration from the boxes in its sample entry; `undefined` for codecs that are not carried. Throws as their parsers.
 * @param format FourCC without encryption. `said` is what the sample entry says itself.
 */
export function audioConfigOf(
  format: string,
  children: readonly Box[],
  said: { readonly channels: number; readonly sampleRate: number },
): AudioTrackConfig | undefined {
  const from = (type: string, read: (content: Uint8Array) => AudioTrackConfig) => {
    const box = findBox(children, type)
    return box === undefined ? undefined : read(box.content)
  }
  switch (format) {
    case 'mp4a':
      return mp4a(children, said)
    case 'Opus':
      return from('dOps', (content) => audioConfigFromDOps(content))
    case 'ac-3':
      return from('dac3', audioConfigFromDac3)
    case 'ec-3':
      return from('dec3', audioConfigFromDec3)
    case 'fLaC': {
      const box = findBox(children, 'dfLa')
      return box === undefined ? undefined : audioConfigFromFlacMetadata(openFullBox(box).reader.rest())
    }
    default:
      return undefined
  }
}

function mp4a(
  children: readonly Box[],
  { channels, sampleRate }: { readonly channels: number; readonly sampleRate: number },
): AudioTrackConfig | undefined {
  const esds = findBox(children, 'esds')
  if (esds === undefined) return undefined
  const { objectType, asc } = parseEsds(esds)
  if (objectType === OBJECT_TYPE.mpeg4Audio) return asc === undefined ? undefined : audioConfigFromAsc(asc)
  const isMp3 = objectType === OBJECT_TYPE.mpeg1Audio || objectType === OBJECT_TYPE.mpeg2Audio
  return isMp3 && sampleRate > 0 && channels > 0 ? audioConfigFromMp3Header({ sampleRate, channels }) : undefined
}
