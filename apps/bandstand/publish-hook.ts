import type { PlatformSettings } from '@bandstand/platform/platform.ts'
import { parseHookSecret } from '@bandstand/platform/publishing/hook/signature.ts'
import type { Settings } from './settings/schema.ts'

/** The publish hook as the settings have it; undefined where there is none. */
export function publishHookOf(settings: Settings): PlatformSettings['publishHook'] {
  const { publishHook: url, publishHookSecret = '', publishHookTimeout } = settings
  const secret = parseHookSecret(publishHookSecret)
  return url === undefined || secret === undefined ? undefined : { url, secret, timeoutMs: publishHookTimeout * 1000 }
}
