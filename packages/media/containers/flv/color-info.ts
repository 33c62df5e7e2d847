import { decodeAmf0 } from '../../protocols/rtmp/amf0/decode.ts'
import { encodeAmf0 } from '../../protocols/rtmp/amf0/encode.ts'
import { type Amf0Object, type Amf0Value, amf0Object, isAmf0Object } from '../../protocols/rtmp/amf0/value.ts'

/**
 * `colorInfo` of `VideoPacketType.Metadata` (Enhanced RTMP v2, "Metadata Frame"): what the pictures from here on are in.
 * What is missing was not said; an empty one means "as the bit stream says".
 */
export interface ColorInfo {
  /** 8, 10 or 12. */
  readonly bitDepth?: number
  /** Numbers of ITU-T H.273. */
  readonly colorPrimaries?: number
  readonly transferCharacteristics?: number
  readonly matrixCoefficients?: number
  /** cd/m². */
  readonly maxFall?: number
  readonly maxCll?: number
  /** Luminance of the mastering display, cd/m². */
  readonly maxLuminance?: number
  readonly minLuminance?: number
  /** CIE 1931 x and y of its primaries and white, in this order: red, green, blue, white. */
  readonly chromaticity?: readonly number[]
}

const corners = ['redX', 'redY', 'greenX', 'greenY', 'blueX', 'blueY', 'whitePointX', 'whitePointY'] as const

/** `undefined` when it says something else than `colorInfo`. @throws MediaError as `decodeAmf0`. */
export function parseColorInfo(data: Uint8Array): ColorInfo | undefined {
  const values = decodeAmf0(data)
  const at = values.indexOf('colorInfo')
  if (at === -1) return undefined
  const info = values[at + 1]
  const config = part(info, 'colorConfig')
  const light = part(info, 'hdrCll')
  const display = part(info, 'hdrMdcv')
  const chromaticity = corners.flatMap((name) => numberField(display, name) ?? [])
  return defined({
    bitDepth: numberField(config, 'bitDepth'),
    colorPrimaries: numberField(config, 'colorPrimaries'),
    transferCharacteristics: numberField(config, 'transferCharacteristics'),
    matrixCoefficients: numberField(config, 'matrixCoefficients'),
    maxFall: numberField(light, 'maxFall'),
    // The specification writes `maxCLL`; some write it as its neighbour.
    maxCll: numberField(light, 'maxCLL') ?? numberField(light, 'maxCll'),
    maxLuminance: numberField(display, 'maxLuminance'),
    minLuminance: numberField(display, 'minLuminance'),
    chromaticity: chromaticity.length === corners.length ? chromaticity : undefined,
  })
}

/** AMF0 for `printVideoMetadata`. */
export function printColorInfo(info: ColorInfo): Uint8Array {
  const { bitDepth, colorPrimaries, transferCharacteristics, matrixCoefficients } = info
  const { maxFall, maxCll, maxLuminance, minLuminance, chromaticity } = info
  const primaries = chromaticity === undefined ? [] : corners.map((name, i) => [name, chromaticity[i]] as const)
  const groups: readonly (readonly [string, Readonly<Record<string, number | undefined>>])[] = [
    ['colorConfig', { bitDepth, colorPrimaries, transferCharacteristics, matrixCoefficients }],
    ['hdrCll', { maxFall, maxCLL: maxCll }],
    ['hdrMdcv', { ...Object.fromEntries(primaries), maxLuminance, minLuminance }],
  ]
  const said = new Map<string, Amf0Value>()
  for (const [name, fields] of groups) {
    const own = defined(fields)
    if (Object.keys(own).length > 0) said.set(name, amf0Object(own))
  }
  return encodeAmf0(['colorInfo', said])
}

function part(value: Amf0Value, name: string): Amf0Object | undefined {
  const found = isAmf0Object(value) ? value.get(name) : undefined
  return isAmf0Object(found) ? found : undefined
}

function numberField(object: Amf0Object | undefined, name: string): number | undefined {
  const value = object?.get(name)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The fields that have a value. */
function defined<Fields extends Record<string, unknown>>(
  fields: Fields,
): { [Name in keyof Fields]?: Exclude<Fields[Name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: Exclude<Fields[Name], undefined>
  }
}
