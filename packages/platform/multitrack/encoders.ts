import type { MultitrackConfig, MultitrackEncoder, MultitrackRequest } from '@bandstand/contract/api/multitrack.ts'

type Settings = MultitrackConfig['encoder_configurations'][number]['settings']

interface Family {
  readonly name: MultitrackEncoder
  /** OBS's ids, the newest first. */
  readonly ids: readonly string[]
  readonly settings: Settings
}

/**
 * H.264 encoders of OBS, those of graphics cards first: several renditions are much for a processor. Each makes no B-frames, so that
 * viewers in real time get every rendition as it is, and key frames by the clock alone, so that those of all renditions stand together.
 */
const FAMILIES: readonly Family[] = [
  {
    name: 'nvenc',
    ids: ['obs_nvenc_h264_tex', 'jim_nvenc'],
    settings: { preset2: 'p5', tune: 'hq', multipass: 'disabled', profile: 'high', lookahead: false, psycho_aq: true },
  },
  { name: 'amf', ids: ['h264_texture_amf'], settings: { preset: 'quality', profile: 'high' } },
  { name: 'qsv', ids: ['obs_qsv11_v2'], settings: { target_usage: 'TU4', profile: 'high' } },
  {
    name: 'videotoolbox',
    ids: ['com.apple.videotoolbox.videoencoder.ave.avc'],
    settings: { profile: 'high', allow_frame_reordering: false },
  },
  { name: 'vaapi', ids: ['ffmpeg_vaapi_tex', 'ffmpeg_vaapi'], settings: { profile: 'High' } },
  { name: 'x264', ids: ['obs_x264'], settings: { preset: 'veryfast', profile: 'high', x264opts: 'scenecut=0' } },
]

/** PCI vendor of NVIDIA: what OBS 30 and 31.0 say of the machine instead of their encoders. */
const NVIDIA = 0x10de

export interface ChosenEncoder {
  /** OBS's id. */
  readonly id: string
  readonly settings: Settings
}

/** An encoder that this OBS has, on the graphics card where it has one there. */
export function chooseEncoder({
  client,
  capabilities,
}: Pick<MultitrackRequest, 'client' | 'capabilities'>): ChosenEncoder {
  const supported = client?.supported_encoders
  if (supported !== undefined) {
    for (const { ids, settings } of FAMILIES) {
      const id = ids.find((known) => supported.includes(known))
      if (id !== undefined) return { id, settings }
    }
  }
  const hasNvidia = supported === undefined && capabilities?.gpu?.some(({ vendor_id: id }) => id === NVIDIA) === true
  // The old id: newer ones take it too.
  return hasNvidia ? { ...encoderOf('nvenc'), id: 'jim_nvenc' } : encoderOf('x264')
}

export function encoderOf(name: MultitrackEncoder): ChosenEncoder {
  const family = FAMILIES.find((known) => known.name === name)
  const [id] = family?.ids ?? []
  return { id: id ?? 'obs_x264', settings: family?.settings ?? {} }
}
