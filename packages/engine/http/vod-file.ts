import { parseTemplateName, type TemplateName } from '../dash/names.ts'
import { parseSilenceName, type SilenceName } from '../packager/silence.ts'
import { type MediaName, parseMediaName } from '../packager/window/media-name.ts'
import { isGapName } from './gap.ts'

/** What a file in a replay's rendition folder is, by its name alone. */
export type VodFile =
  | MediaName
  /** A segment by its name in DASH. */
  | { readonly kind: 'template'; readonly name: TemplateName }
  | { readonly kind: 'silence'; readonly name: SilenceName }
  | { readonly kind: 'gap' }

/** Only names as they are listed: another spelling of the same number is another URI. */
export function parseVodFile(file: string): VodFile | undefined {
  const media = parseMediaName(file)
  if (media !== undefined) return media
  const template = parseTemplateName(file)
  if (template !== undefined) return { kind: 'template', name: template }
  const silence = parseSilenceName(file)
  if (silence !== undefined) return { kind: 'silence', name: silence }
  return isGapName(file) ? { kind: 'gap' } : undefined
}
