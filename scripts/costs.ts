/** What a test file with real programs takes. */
export interface Cost {
  /** Quarters of a processor that its programs take while it runs, where that is not what others like it take. */
  readonly quarters?: number
  /** Seconds that it runs beside others on two processors, where that is long. */
  readonly seconds?: number
}

/** From here on a file has to be listed with its seconds: a long one that nobody knows of may begin last, and run alone. */
export const longSeconds = 40

/** As measured. A clone in which nothing has run yet knows nothing else of them; `npm test` says what is not true any more. */
export const costs: Readonly<Record<string, Cost>> = {
  'test/live/ladder.test.ts': { quarters: 5 },
  // Makes smaller pictures of 720p, and a busy machine would leave them out.
  'test/pages/demo.test.ts': { quarters: 5 },
  // Takes two, but what it judges is whether a picture ever stands.
  'test/pages/ladder.test.ts': { quarters: 4, seconds: 85 },
  // With no server and no encoder beside the browser, and mostly waiting.
  'test/pages/player.test.ts': { quarters: 2, seconds: 95 },
  'test/pages/real-time.test.ts': { quarters: 2, seconds: 75 },
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
