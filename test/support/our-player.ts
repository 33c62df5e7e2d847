import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { waitFor } from './wait.ts'

/** The player as a page's own code has it. */
export type PlayerElement = HTMLElement & {
  readonly phase: string
  readonly playing: string | undefined
  readonly behind: number
  readonly video: HTMLVideoElement
}

/** What a viewer of our player sees. */
export interface Look {
  /** Empty while there is no player yet. */
  readonly phase: string
  /** The transport. */
  readonly playing: string | undefined
  /** Seconds behind live. */
  readonly behind: number
  /** Seconds of media. */
  readonly time: number
  readonly paused: boolean
  readonly muted: boolean
  /** Lines of the picture. */
  readonly height: number
  /** Pictures shown or dropped so far. */
  readonly frames: number
}

export function look(page: Page): Promise<Look> {
  return page.evaluate(() => {
    const player = document.querySelector<PlayerElement>('bandstand-player')
    const video = player?.video
    return {
      phase: player?.phase ?? '',
      playing: player?.playing,
      behind: player?.behind ?? 0,
      time: video?.currentTime ?? 0,
      paused: video?.paused ?? true,
      muted: video?.muted ?? false,
      height: video?.videoHeight ?? 0,
      frames: video?.getVideoPlaybackQuality().totalVideoFrames ?? 0,
    }
  })
}

/** Looks until it is right, and says what was seen in the end. @param limit ms */
export async function until(page: Page, what: string, test: (seen: Look) => boolean, limit = 60_000): Promise<Look> {
  let seen: Look | undefined
  const see = async () => test((seen = await look(page))) && seen
  return waitFor(what, see, limit).catch((cause: unknown) => {
    throw new Error(`${what}: ${JSON.stringify(seen)} after ${limit} ms`, { cause })
  })
}

/** For looking at: SCREENSHOTS names a folder. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS']
  if (folder === undefined) return
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}
