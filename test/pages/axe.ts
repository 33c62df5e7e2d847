import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'

interface Finding {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[]
}

let script: Promise<string> | undefined

/** By WCAG 2.2 AA and its own best practice. */
const everything = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
} as const
/** Of these, what depends on colours. */
const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] } as const

/** What axe finds wrong with a page: one line each. What goes within a second was on its way. */
export const findings = (page: Page): Promise<string[]> => findAgain(page, everything)

/** Likewise in other colours, of a page in which nothing else was found. */
export const colourFindings = (page: Page): Promise<string[]> => findAgain(page, colours)

type Rules = typeof everything | typeof colours

async function findAgain(page: Page, rules: Rules): Promise<string[]> {
  let found = await look(page, rules)
  for (let i = 0; i < 3 && found.length > 0; i++) {
    await page.waitForTimeout(1000)
    found = await look(page, rules)
  }
  return found
}

async function look(page: Page, rules: Rules): Promise<string[]> {
  script ??= readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
  // The page's own policy forbids strings as code; the test's debugger does not.
  await page.evaluate(await script)
  const violations = await page.evaluate(async (runOnly) => {
    const run = (globalThis as unknown as { axe: { run(options: object): Promise<{ violations: unknown }> } }).axe.run
    return (await run({ runOnly })).violations
  }, rules)
  return (violations as Finding[]).flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
  )
}
