/** What a test file with real programs takes. */
export interface Cost {
  /** Eighths of a processor that its programs take while it runs, where it is not four. */
  readonly eighths?: number
  /** Seconds that it runs beside others on two processors, where that is long. */
  readonly seconds?: number
}

/** Eighths of a file that is not listed. */
export const usualEighths = 4

/** From here on a file is listed with its seconds: a long one that nobody knows of may begin last, and run alone. */
export const longSeconds = 40

/**
 * As measured: processor seconds of all programs of a file, by the seconds it took. A clone in which nothing has run yet knows nothing
 * else of them; `npm test` says what is not true any more.
 */
export const costs: Readonly<Record<string, Cost>> = {
  // Make smaller pictures, and a busy machine would leave them out: no two of them beside each other, and little else.
  'test/live/ladder.test.ts': { eighths: 12, seconds: 35 },
  'test/pages/demo.test.ts': { eighths: 12 },
  'test/players/whep-renditions.test.ts': { eighths: 11 },
  'test/players/ladder.test.ts': { eighths: 8 },
  'test/players/dash-ladder.test.ts': { eighths: 8 },
  'test/pages/ladder.test.ts': { eighths: 8 },

  // Several players at once, or encoders.
  'test/live/holes.test.ts': { eighths: 6 },
  'test/players/hls-js.test.ts': { eighths: 5, seconds: 45 },
  'test/players/whep.test.ts': { eighths: 7, seconds: 42 },
  'test/encoders/ffmpeg.test.ts': { eighths: 7 },
  'test/pages/axe.test.ts': { eighths: 6 },
  'test/encoders/srt.test.ts': { eighths: 6 },
  'test/live/garbage.test.ts': { eighths: 6 },
  'test/live/killed-page.test.ts': { eighths: 6 },
  'test/live/material.test.ts': { eighths: 6 },
  'test/pages/real.test.ts': { eighths: 6, seconds: 41 },
  'test/pages/replays.test.ts': { eighths: 6 },
  'test/players/made-sound.test.ts': { eighths: 5, seconds: 54 },
  'test/players/uneven-replay.test.ts': { eighths: 6 },
  'test/players/whep-turn.test.ts': { eighths: 6 },
  'test/encoders/hls.test.ts': { eighths: 5 },
  'test/encoders/obs.test.ts': { eighths: 5 },
  'test/encoders/srt-refused.test.ts': { eighths: 5 },
  'test/encoders/sync.test.ts': { eighths: 6 },
  'test/house/failed-start.test.ts': { eighths: 5 },
  'test/house/start-errors.test.ts': { eighths: 5 },
  'test/live/fault.test.ts': { eighths: 5 },
  'test/live/restart.test.ts': { eighths: 5 },
  'test/pages/chat.test.ts': { eighths: 5 },
  'test/pages/real-time-server.test.ts': { eighths: 5 },
  'test/players/dash.test.ts': { eighths: 6, seconds: 48 },
  'test/players/others.test.ts': { eighths: 5 },

  'test/encoders/multitrack.test.ts': { seconds: 60 },
  'test/encoders/whip.test.ts': { seconds: 43 },
  'test/pages/player.test.ts': { seconds: 76 },
  'test/pages/real-time.test.ts': { seconds: 79 },
  'test/pages/sparse-key-frames.test.ts': { seconds: 46 },
  'test/pages/studio.test.ts': { seconds: 50 },

  // They mostly wait.
  'test/encoders/publishing.test.ts': { eighths: 3 },
  'test/encoders/publishing-ways.test.ts': { eighths: 2 },
  'test/encoders/rtmps.test.ts': { eighths: 3 },
  'test/encoders/srt-read.test.ts': { eighths: 2 },
  'test/live/pictures.test.ts': { eighths: 3 },
  'test/pages/native-hls.test.ts': { eighths: 3 },
  'test/pages/pictures.test.ts': { eighths: 3 },
  'test/players/codecs.test.ts': { eighths: 3, seconds: 40 },
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
