import type { PlaylistEngine, PlaylistEvents } from './engine.ts'

/** The browser's own HLS, for those without Media Source Extensions (older iPhones). */
export function createNativeEngine(video: HTMLVideoElement, events: PlaylistEvents): PlaylistEngine {
  let at: number | undefined
  let loaded = false

  function startDate(): number | undefined {
    const date = (video as HTMLVideoElement & { getStartDate?(): Date }).getStartDate?.().getTime()
    return date !== undefined && Number.isFinite(date) ? date : undefined
  }

  function end(): number | undefined {
    return video.seekable.length > 0 ? video.seekable.end(video.seekable.length - 1) : undefined
  }

  function onMetadata(): void {
    const begin = startDate()
    if (at !== undefined && begin !== undefined) video.currentTime = (at - begin) / 1000
  }

  function onProgress(): void {
    const begin = startDate()
    const last = end()
    events.updated(begin !== undefined && last !== undefined ? begin + last * 1000 : undefined)
  }

  function onError(): void {
    if (loaded) events.failed(`media error ${video.error?.code ?? 0}`)
  }

  video.addEventListener('loadedmetadata', onMetadata)
  video.addEventListener('progress', onProgress)
  video.addEventListener('error', onError)

  function unload(): void {
    loaded = false
    video.removeAttribute('src')
    video.load()
  }

  return {
    load(url, from) {
      at = from
      loaded = true
      video.src = url
      video.load()
    },
    unload,
    // It plays parts, chooses renditions and keeps its distance as it sees fit.
    lowLatency: true,
    holdBack: undefined,
    qualities: undefined,
    destroy() {
      unload()
      video.removeEventListener('loadedmetadata', onMetadata)
      video.removeEventListener('progress', onProgress)
      video.removeEventListener('error', onError)
    },
    get date() {
      const begin = startDate()
      return begin === undefined ? undefined : begin + video.currentTime * 1000
    },
    get window() {
      const begin = startDate()
      const last = end()
      if (begin === undefined || last === undefined) return undefined
      return { start: begin + video.seekable.start(0) * 1000, end: begin + last * 1000 }
    },
    get duration() {
      return Number.isFinite(video.duration) ? video.duration : undefined
    },
    get growing() {
      return loaded && !Number.isFinite(video.duration)
    },
    timeOf(date) {
      const begin = startDate()
      return begin === undefined ? undefined : (date - begin) / 1000
    },
    get livePosition() {
      const last = end()
      return last === undefined ? undefined : Math.max(0, last - 1)
    },
    get ahead() {
      const last = end()
      return last === undefined ? undefined : last - video.currentTime
    },
    // Nothing tells.
    arrived: undefined,
    // The browser's own player skips holes by itself.
    behindHole: () => undefined,
  }
}
