import type { Page } from 'playwright-core'

/** Puts a page behind a link of so many bits a second, 20 ms away; the function that is given changes the figure. */
export async function slowLink(page: Page, bits: number): Promise<(bits: number) => Promise<void>> {
  const link = await page.context().newCDPSession(page)
  await link.send('Network.enable')
  const carry = async (now: number) => {
    await link.send('Network.emulateNetworkConditions', {
      ...{ offline: false, latency: 20, uploadThroughput: 1e6 },
      downloadThroughput: now / 8,
    })
  }
  await carry(bits)
  return carry
}
