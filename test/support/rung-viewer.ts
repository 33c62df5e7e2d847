import type { TestContext } from 'node:test'
import { chromium } from './browser.ts'
import { watchVideo } from './player-page.ts'
import { waitFor } from './wait.ts'

/** A viewer on a channel's page who has chosen a rung in the menu. */
export interface RungViewer {
  /** How many there have been. */
  pictures(): Promise<number>
  /** Waits for a second of pictures from now on. */
  goesOn(): Promise<void>
  /** Waits until pictures are those of the rung. */
  hasRung(): Promise<void>
  /** Longest time between two pictures, ms. @param from so many pictures on */
  stood(from: number): Promise<number>
}

/** @param height of the rung */
export async function watchRung(t: TestContext, url: string, height: number): Promise<RungViewer> {
  const browser = await chromium()
  t.after(() => browser.close())
  const page = await browser.newPage({ viewport: { width: 1000, height: 700 } })
  await page.goto(url)
  const video = "document.querySelector('bandstand-player')?.video"
  await waitFor('the page to play', () => page.evaluate<boolean>(`(${video}?.currentTime ?? 0) > 0`))
  await page.getByRole('button', { name: 'Quality and delay' }).click()
  const group = page.getByRole('group', { name: 'Quality' })
  await group.getByRole('menuitemradio', { name: `${height}p`, exact: true }).click()
  const viewer: RungViewer = {
    pictures: () => page.evaluate<number>('seen.shown.length'),
    async goesOn() {
      const begin = await viewer.pictures()
      await waitFor('pictures', async () => (await viewer.pictures()) > begin + 30)
    },
    hasRung: async () =>
      void (await waitFor(`${height} lines`, () => page.evaluate<boolean>(`${video}?.videoHeight === ${height}`))),
    async stood(from) {
      const at = await page.evaluate<number[]>(`seen.shown.slice(${Math.max(0, from - 1)}).map(({ at }) => at)`)
      return Math.round(Math.max(0, ...at.slice(1).map((now, i) => now - (at[i] ?? now))))
    },
  }
  await viewer.hasRung()
  await watchVideo(page, video)
  return viewer
}
