import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** Environment of a server that does every second what it otherwise does once a minute, so that nobody has to wait for it. */
export const quickMinutes: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, 'quick-minutes-hook.mjs')).href}`,
}
