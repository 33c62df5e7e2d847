/** Longest that a frame is held; milliseconds. */
const longest = 6000

/** The last frame of a source, kept on screen while another takes over. */
export interface HeldFrame {
  readonly shown: boolean
  /** Holds what is on screen now, where there is something. */
  hold(): void
  drop(): void
}

export function createHeldFrame(host: {
  readonly video: HTMLVideoElement | null
  readonly canvas: HTMLCanvasElement | null
  requestUpdate(): void
}): HeldFrame {
  let shown = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function show(next: boolean): void {
    clearTimeout(timer)
    if (shown === next) return
    shown = next
    host.requestUpdate()
  }

  const frame: HeldFrame = {
    get shown() {
      return shown
    },
    hold() {
      const { video, canvas } = host
      if (!video || !canvas || video.readyState < 2 || video.videoWidth === 0) return
      canvas.width = video.videoWidth
      canvas.height = video.videoHeight
      try {
        canvas.getContext('2d')?.drawImage(video, 0, 0)
      } catch {
        return
      }
      show(true)
      timer = setTimeout(frame.drop, longest)
    },
    drop: () => show(false),
  }
  return frame
}
