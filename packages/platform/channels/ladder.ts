import { type LadderSettings, ladderSettings } from '@bandstand/contract/api/ladder.ts'

/** What a channel has whose owner has not chosen: nothing is encoded that nobody watches. */
export const DEFAULT_LADDER: LadderSettings = {
  mode: 'on-demand',
  encoder: 'x264',
  preset: 'veryfast',
  rungs: [
    { height: 720, bitrate: 2_800_000, frameRate: 60 },
    { height: 480, bitrate: 1_400_000, frameRate: 30 },
    { height: 360, bitrate: 800_000, frameRate: 30 },
  ],
}

/** @param column JSON; what no longer means anything is as if nothing had been chosen. */
export function readLadder(column: string | null): LadderSettings {
  if (column === null) return DEFAULT_LADDER
  try {
    const found = ladderSettings.safeParse(JSON.parse(column))
    return found.success ? found.data : DEFAULT_LADDER
  } catch {
    return DEFAULT_LADDER
  }
}

/** As it is kept: highest first. */
export function writeLadder(settings: LadderSettings): string {
  return JSON.stringify({ ...settings, rungs: settings.rungs.toSorted((a, b) => b.height - a.height) })
}
