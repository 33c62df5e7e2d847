import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

let script: Promise<string> | undefined

/** What axe finds wrong with a page, by WCAG 2.2 AA and its own best practice: one line each. What goes within a second was on its way. */
export async function findings(page: Page): Promise<string[]> {
  let found = await look(page)
  for (let i = 0; i < 3 && found.length > 0; i++) {
    await page.waitForTimeout(1000)
    found = await look(page)
  }
  return found
}

async function look(page: Page): Promise<string[]> {
  script ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  // The page's own policy forbids strings as code; the test's debugger does not.
  await page.evaluate(await script)
  const violations = await page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: { run(options: object): Promise<{ violations: unknown }> } }).axe.run
    const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']
    return (await run({ runOnly: { type: 'tag', values } })).violations
  })
  return (violations as Finding[]).flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
  )
}
