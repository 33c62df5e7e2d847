import { mediaSource } from './media-source.ts'
import type { Transport } from './transport.ts'

/** What a browser brings along, looked up once. */
export interface Browser {
  /** RTCPeerConnection is there. */
  readonly peerConnection: boolean
  /**
   * MIME types that WebRTC can receive, `undefined` where the browser does not say. Firefox lists H.264 only once its
   * plug-in for it has been fetched.
   */
  readonly receives: readonly string[] | undefined
  /** Media Source Extensions, of either kind. */
  readonly mediaSource: boolean
  /** The video element plays HLS by itself: Safari, and Chromium's "maybe". */
  readonly nativeHls: boolean
}

/** Who plays HLS: hls.js with low latency as the player wants it, or the browser as it likes. */
export type HlsPlayer = 'hls.js' | 'native' | 'none'

export interface Abilities {
  readonly transports: ReadonlySet<Transport>
  readonly hls: HlsPlayer
}

/**
 * hls.js goes before native playback wherever it runs: Chromium's own HLS knows no low latency, and Safari's says neither
 * which rendition plays nor lets one be chosen. A browser's own player does low latency or not as it pleases, so there it
 * counts as one transport.
 */
export function abilitiesOf({ peerConnection, receives, mediaSource, nativeHls }: Browser): Abilities {
  const transports = new Set<Transport>()
  const h264 = receives?.some((type) => type.toLowerCase() === 'video/h264') ?? true
  if (peerConnection && h264) transports.add('webrtc')
  const hls: HlsPlayer = mediaSource ? 'hls.js' : nativeHls ? 'native' : 'none'
  if (hls === 'hls.js') transports.add('ll-hls')
  if (hls !== 'none') transports.add('hls')
  return { transports, hls }
}

/** Looks at the browser that this runs in. */
export function lookAtBrowser(): Browser {
  const { RTCPeerConnection, RTCRtpReceiver } = globalThis
  return {
    peerConnection: RTCPeerConnection !== undefined,
    receives: RTCRtpReceiver?.getCapabilities?.('video')?.codecs.map(({ mimeType }) => mimeType),
    mediaSource: mediaSource() !== undefined,
    nativeHls: document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== '',
  }
}
