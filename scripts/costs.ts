/** What a test file with real programs takes. */
export interface Cost {
  /** Quarters of a processor that its programs take while it runs, where it is not two. */
  readonly quarters?: number
  /** Seconds that it runs beside others on two processors, where that is long. */
  readonly seconds?: number
}

/** From here on a file is listed with its seconds: a long one that nobody knows of may begin last, and run alone. */
export const longSeconds = 40

/** As measured. A clone in which nothing has run yet knows nothing else of them; `npm test` says what is not true any more. */
export const costs: Readonly<Record<string, Cost>> = {
  // It mostly waits.
  'test/encoders/rtmps.test.ts': { quarters: 1 },

  // Chromium encodes, or several players play at once.
  'test/encoders/multitrack.test.ts': { quarters: 3, seconds: 43 },
  'test/encoders/several-sounds.test.ts': { quarters: 3 },
  'test/encoders/whip.test.ts': { quarters: 4, seconds: 60 },
  'test/pages/real.test.ts': { quarters: 3, seconds: 55 },
  'test/pages/real-time-server.test.ts': { quarters: 3, seconds: 60 },
  'test/players/hls-js.test.ts': { quarters: 3, seconds: 60 },
  'test/players/ladder.test.ts': { quarters: 3, seconds: 46 },
  'test/players/others.test.ts': { quarters: 3 },
  'test/players/uneven-replay.test.ts': { quarters: 3, seconds: 42 },
  'test/players/whep.test.ts': { quarters: 3, seconds: 40 },
  'test/players/whep-renditions.test.ts': { quarters: 6 },

  // Takes two, but what it judges is whether a picture ever stands.
  'test/pages/ladder.test.ts': { quarters: 5, seconds: 75 },
  // Make smaller pictures, and a busy machine would leave them out: not the two of them beside each other.
  'test/pages/demo.test.ts': { quarters: 6 },
  'test/live/ladder.test.ts': { quarters: 7 },

  'test/encoders/enhanced-rtmp.test.ts': { seconds: 46 },
  'test/encoders/hls.test.ts': { seconds: 44 },
  'test/live/holes.test.ts': { seconds: 56 },
  'test/live/killed-page.test.ts': { seconds: 51 },
  'test/live/pictures.test.ts': { seconds: 40 },
  'test/players/made-sound.test.ts': { seconds: 90 },
  'test/pages/axe.test.ts': { seconds: 42 },
  'test/pages/go-live.test.ts': { seconds: 55 },
  'test/pages/player.test.ts': { seconds: 90 },
  'test/pages/real-time.test.ts': { seconds: 65 },
  'test/pages/sparse-key-frames.test.ts': { seconds: 42 },
  'test/pages/studio.test.ts': { seconds: 46 },
  'test/players/codecs.test.ts': { seconds: 40 },
  'test/players/dash.test.ts': { seconds: 60 },
}

/** Files whose time is not what is listed: long and not listed, or less than half or more than twice of that. A line for each. */
export function misjudged(took: Readonly<Record<string, number>>, listed = costs): string[] {
  return Object.entries(took).flatMap(([file, seconds]) => {
    const usual = listed[file]?.seconds
    if (usual === undefined ? seconds < longSeconds : seconds > usual / 2 && seconds < usual * 2) return []
    const said = usual === undefined ? 'does not list it' : `says ${usual} s`
    return `${file} took ${Math.round(seconds)} s, and scripts/costs.ts ${said}`
  })
}
