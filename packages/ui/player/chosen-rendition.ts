import type Hls from 'hls.js'

/**
 * Brings a viewer back to the rendition that he has chosen. Where one of its segments is a gap (a ladder whose ffmpeg is started
 * again has some), hls.js plays another, so that the picture goes on, and forgets the choice for good.
 *
 * @param chosen its level in what is loaded, `undefined` while hls.js is to choose; and what brings him there
 */
export function keepChosen(
  HlsClass: typeof Hls,
  hls: Hls,
  chosen: { readonly level: () => number | undefined; readonly play: (level: number) => void },
): void {
  const { Events } = HlsClass
  /** When it was found to be left. */
  let leftAt: number | undefined
  let wait: number = again.first

  hls.on(Events.LEVEL_UPDATED, () => {
    const level = chosen.level()
    if (level === undefined || !hls.autoLevelEnabled) {
      leftAt = undefined
      return
    }
    const now = performance.now()
    leftAt ??= now
    if (now - leftAt < wait) return
    leftAt = undefined
    wait = Math.min(2 * wait, again.longest)
    chosen.play(level)
  })
  hls.on(Events.FRAG_BUFFERED, (_, { frag }) => {
    if ((frag.type as string) === 'main' && frag.level === chosen.level()) wait = again.first
  })
}

/** How long another one plays: at first, and at most, doubled each time that there was still nothing; milliseconds. */
const again = { first: 5000, longest: 300_000 } as const
