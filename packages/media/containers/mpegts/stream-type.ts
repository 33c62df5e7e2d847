import type { Descriptor, MapEntry } from './pmt.ts'

/** How the sound or the pictures of a stream are packed. */
export type TsFormat =
  | 'h264'
  | 'hevc'
  | 'aac-adts'
  | 'aac-latm'
  /** Layers I to III, told apart by the frames alone. */
  | 'mpeg-audio'
  | 'ac3'
  | 'eac3'
  | 'opus'

/** What a stream of a programme map is. */
export interface StreamKind {
  readonly kind: 'video' | 'audio' | 'other'
  /** Absent for what is not spoken here. */
  readonly format?: TsFormat
  /** Name for people. */
  readonly name: string
}

const VIDEO = { h264: 'H.264', hevc: 'HEVC' } as const
const AUDIO = {
  'aac-adts': 'AAC',
  'aac-latm': 'AAC (LATM)',
  'mpeg-audio': 'MPEG audio',
  ac3: 'AC-3',
  eac3: 'E-AC-3',
  opus: 'Opus',
} as const

/** stream_type values of ISO/IEC 13818-1 table 2-34, and those of ATSC A/53 and Blu-ray in the range for private use. */
const TYPES = new Map<number, StreamKind>([
  [0x01, { kind: 'video', name: 'MPEG-1 video' }],
  [0x02, { kind: 'video', name: 'MPEG-2 video' }],
  [0x03, audio('mpeg-audio')],
  [0x04, audio('mpeg-audio')],
  [0x0f, audio('aac-adts')],
  [0x10, { kind: 'video', name: 'MPEG-4 part 2 video' }],
  [0x11, audio('aac-latm')],
  [0x1b, video('h264')],
  [0x1c, { kind: 'audio', name: 'AAC without headers' }],
  [0x20, { kind: 'video', name: 'H.264 MVC' }],
  [0x21, { kind: 'video', name: 'JPEG 2000' }],
  [0x24, video('hevc')],
  [0x2d, { kind: 'audio', name: 'MPEG-H audio' }],
  [0x2e, { kind: 'audio', name: 'MPEG-H audio' }],
  [0x32, { kind: 'video', name: 'JPEG XS' }],
  [0x33, { kind: 'video', name: 'VVC' }],
  [0x42, { kind: 'video', name: 'AVS' }],
  [0x81, audio('ac3')],
  [0x82, { kind: 'audio', name: 'DTS' }],
  [0x83, { kind: 'audio', name: 'TrueHD' }],
  [0x85, { kind: 'audio', name: 'DTS-HD' }],
  [0x87, audio('eac3')],
  [0xd1, { kind: 'video', name: 'Dirac' }],
  [0xea, { kind: 'video', name: 'VC-1' }],
])

/** format_identifier of registration descriptors, for private PES (type 6) and types of private use. */
const REGISTERED = new Map<string, StreamKind>([
  ['AC-3', audio('ac3')],
  ['EAC3', audio('eac3')],
  ['Opus', audio('opus')],
  ['HEVC', video('hevc')],
  ['AV01', { kind: 'video', name: 'AV1' }],
  ['VP09', { kind: 'video', name: 'VP9' }],
  ['VC-1', { kind: 'video', name: 'VC-1' }],
  ['drac', { kind: 'video', name: 'Dirac' }],
  ['BSSD', { kind: 'audio', name: 'PCM (SMPTE 302M)' }],
  ['AC-4', { kind: 'audio', name: 'AC-4' }],
  ['DTS1', { kind: 'audio', name: 'DTS' }],
  ['DTS2', { kind: 'audio', name: 'DTS' }],
  ['DTS3', { kind: 'audio', name: 'DTS' }],
])

/** Descriptors of DVB (ETSI EN 300 468 §6.2) that name the sound of a private PES stream. */
const DVB = new Map<number, StreamKind>([
  [0x6a, audio('ac3')],
  [0x7a, audio('eac3')],
  [0x7b, { kind: 'audio', name: 'DTS' }],
  [0x7c, audio('aac-adts')],
])

const REGISTRATION = 0x05
const LANGUAGE = 0x0a

/** Says what a stream is by its type and, where that is private, its descriptors. */
export function kindOf({ type, descriptors }: MapEntry): StreamKind {
  const known = TYPES.get(type)
  if (known !== undefined) return known
  // 6 is PES of private use; from 0x80 on types are free, and the registration says whose they are.
  if (type === 6 || type >= 0x80) {
    for (const { tag, data } of descriptors) {
      const registered = tag === REGISTRATION ? REGISTERED.get(latin(data.subarray(0, 4))) : undefined
      const found = registered ?? (type === 6 ? DVB.get(tag) : undefined)
      if (found !== undefined) return found
    }
  }
  return { kind: 'other', name: `stream type 0x${type.toString(16).padStart(2, '0')}` }
}

/** ISO 639-2 code of the first language that the descriptor names (§2.6.18); `undefined` when it names none. */
export function languageOf(descriptors: readonly Descriptor[]): string | undefined {
  const language = descriptors.find(({ tag }) => tag === LANGUAGE)
  const code = language === undefined ? '' : latin(language.data.subarray(0, 3)).toLowerCase()
  return /^[a-z]{3}$/.test(code) && code !== 'und' ? code : undefined
}

function latin(data: Uint8Array): string {
  return String.fromCharCode(...data)
}

function video(format: keyof typeof VIDEO): StreamKind {
  return { kind: 'video', format, name: VIDEO[format] }
}

function audio(format: keyof typeof AUDIO): StreamKind {
  return { kind: 'audio', format, name: AUDIO[format] }
}
