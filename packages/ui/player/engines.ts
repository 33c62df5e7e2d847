import { abilitiesOf, lookAtBrowser } from './choice/abilities.ts'
import { createChoosingEngine } from './choice/choosing-engine.ts'
import { onAnotherNetwork } from './choice/network.ts'
import type { Transport } from './choice/transport.ts'
import type { Engine, EngineEvents } from './engine.ts'
import { createNativeEngine } from './native-engine.ts'

/** What an engine is made for. */
export interface EngineNeeds {
  /** Of the player, for the server to count it by (CMCD `sid`). */
  readonly id: string
  /** The page is the server's own. */
  readonly sameOrigin: boolean
  /** Address of the channel's WHEP endpoint, with the same id. */
  readonly whep: string
  /** The quickest transport that is wanted now. */
  wanted(): Transport
  /** It was asked for by the viewer or the page. */
  forced(): boolean
  /** Asks the server whether the channel is live. Never rejects. */
  isLive(): Promise<boolean>
}

const abilities = abilitiesOf(lookAtBrowser())

/** The engine that plays whatever the browser is able to. The code of each way of playing is loaded when that is needed. */
export function createEngine(
  video: HTMLVideoElement,
  { id, sameOrigin, whep, ...asked }: EngineNeeds,
  events: EngineEvents,
): Engine {
  return createChoosingEngine({
    ...{ video, events, whep, ...asked, able: abilities.transports, onAnotherNetwork },
    async createPlaylist(about, wantedQuality, isLive) {
      const hls = abilities.hls === 'hls.js' ? await loadHls() : undefined
      return hls?.HlsClass.isSupported()
        ? hls.createHlsEngine(hls.HlsClass, video, { id, sameOrigin, isLive }, wantedQuality, about)
        : createNativeEngine(video, about)
    },
    openRealTime: async (url, about, wantedQuality) =>
      (await loadRealTime()).openRealTime(url, video, wantedQuality, about),
  })
}

/** Starts loading the engine's code before it is needed. @param wanted the quickest transport */
export function warmEngine(wanted: Transport): void {
  if (wanted === 'webrtc' && abilities.transports.has('webrtc')) loadRealTime().catch(() => undefined)
  if (abilities.hls === 'hls.js') loadHls().catch(() => undefined)
}

async function loadHls() {
  const [{ default: HlsClass }, { createHlsEngine }] = await Promise.all([import('hls.js'), import('./hls-engine.ts')])
  return { HlsClass, createHlsEngine }
}

const loadRealTime = () => import('./whep/real-time.ts')
