import type { Engine, EngineEvents } from './engine.ts'
import { createNativeEngine } from './native-engine.ts'

/**
 * hls.js wherever Media Source Extensions are there, also where the browser says it may play HLS itself (Chromium says
 * "maybe" and knows no low latency); the browser's own player otherwise.
 */
export async function createEngine(
  video: HTMLVideoElement,
  session: { readonly id: string; readonly sameOrigin: boolean },
  events: EngineEvents,
): Promise<Engine> {
  if (!hasMediaSource()) return createNativeEngine(video, events)
  const [{ default: HlsClass }, { createHlsEngine }] = await Promise.all([import('hls.js'), import('./hls-engine.ts')])
  return HlsClass.isSupported() ? createHlsEngine(HlsClass, video, session, events) : createNativeEngine(video, events)
}

/** Starts loading the engine's code before it is needed. */
export function warmEngine(): void {
  if (hasMediaSource()) void Promise.all([import('hls.js'), import('./hls-engine.ts')]).catch(() => undefined)
}

function hasMediaSource(): boolean {
  return 'MediaSource' in globalThis || 'ManagedMediaSource' in globalThis
}
