import type { MultitrackConfig } from '@bandstand/contract/api/multitrack.ts'
import { escapeHtml } from '../http/escape.ts'
import type { ChosenEncoder } from './encoders.ts'
import type { Rendition } from './renditions.ts'

/** The newest version whose fields are used here; OBS reads it and minds nothing. */
const SCHEMA_VERSION = '2024-06-04'
const SERVICE = 'Bandstand'
/** Seconds: segments begin with key frames. */
const KEY_FRAME_INTERVAL = 2
/** kbit/s */
const SOUND_BITRATE = 160
/** OBS hangs it on the stream key where it is not empty, and nobody here would read it. */
const CONFIG_ID = ''

export interface ConfigInput {
  /** Where to publish, without the key. */
  readonly servers: { readonly rtmp: string | null; readonly rtmps: string | null }
  readonly renditions: readonly Rendition[]
  readonly encoder: ChosenEncoder
  /** OBS is set to send a track of sound for recordings too. */
  readonly hasVodSound: boolean
}

/** What OBS takes to make these renditions and send them here. */
export function multitrackConfigOf({ servers, renditions, encoder, hasVodSound }: ConfigInput): MultitrackConfig {
  const sound = (track: number) => {
    return { codec: 'aac', track_id: track, channels: 2, settings: { bitrate: SOUND_BITRATE } }
  }
  return {
    meta: metaOf(),
    status: { result: 'success' },
    ingest_endpoints: [...endpointOf('RTMPS', servers.rtmps), ...endpointOf('RTMP', servers.rtmp)],
    encoder_configurations: renditions.map(({ width, height, framerate, bitrate }) => ({
      type: encoder.id,
      ...{ width, height, framerate: { ...framerate }, gpu_scale_type: 'OBS_SCALE_BICUBIC' },
      settings: {
        ...{ rate_control: 'CBR', bitrate: Math.round(bitrate / 1000), keyint_sec: KEY_FRAME_INTERVAL, bf: 0 },
        ...encoder.settings,
      },
    })),
    audio_configurations: { live: [sound(1)], ...(hasVodSound && { vod: [sound(2)] }) },
  }
}

/** What OBS shows instead of going live. @param reason plain text */
export function refusedConfig(reason: string): MultitrackConfig {
  return {
    meta: metaOf(),
    status: { result: 'error', html_en_us: escapeHtml(reason) },
    ingest_endpoints: [],
    encoder_configurations: [],
    audio_configurations: { live: [] },
  }
}

function metaOf(): MultitrackConfig['meta'] {
  return { service: SERVICE, schema_version: SCHEMA_VERSION, config_id: CONFIG_ID }
}

function endpointOf(protocol: 'RTMP' | 'RTMPS', server: string | null): MultitrackConfig['ingest_endpoints'] {
  return server === null ? [] : [{ protocol, url_template: `${server}/{stream_key}` }]
}
