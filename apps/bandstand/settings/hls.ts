import { type ConfiguredSource, isAddress } from '@bandstand/engine/ingest/hls/configured.ts'
import { HLS_LIMITS } from '@bandstand/engine/ingest/hls/limits.ts'
import { z } from 'zod'

const takes =
  'takes CHANNEL=FOLDER, CHANNEL=FOLDER/PLAYLIST.m3u8 or CHANNEL=https://HOST/PLAYLIST.m3u8, separated by commas; in bandstand.yaml also a list of them, or of {channel, folder} and {channel, url}'

const entry = z.union([
  z.string(),
  z.strictObject({ channel: z.string(), folder: z.string() }),
  z.strictObject({ channel: z.string(), url: z.string() }),
])

/** `main=/mnt/studio`: the channel's slug, then where its HLS is. */
function readEntry(one: z.output<typeof entry>): ConfiguredSource | undefined {
  if (typeof one === 'string') {
    const at = one.indexOf('=')
    return at < 0 ? undefined : checked(one.slice(0, at), one.slice(at + 1))
  }
  if ('folder' in one) return isAddress(one.folder) ? undefined : checked(one.channel, one.folder)
  return isAddress(one.url) ? checked(one.channel, one.url) : undefined
}

function checked(channel: string, from: string): ConfiguredSource | undefined {
  const [slug, place] = [channel.trim(), from.trim()]
  if (!/^[a-z0-9][a-z0-9-]*$/.test(slug) || place === '' || place.includes('\0')) return undefined
  // Any other scheme is taken for a path by nobody.
  if (isAddress(place) ? !URL.canParse(place) : /^[a-z][a-z\d+.-]*:\/\//i.test(place)) return undefined
  return { channel: slug, from: place }
}

/** HLS that others make, in folders and at addresses, and the channels that it is for. */
export const hlsSources = z
  .union([z.string(), z.array(entry)], takes)
  .transform((value, context): ConfiguredSource[] => {
    const entries = typeof value === 'string' ? value.split(',').filter((one) => one.trim() !== '') : value
    const sources = entries.map(readEntry)
    if (entries.length > HLS_LIMITS.sources || sources.includes(undefined)) {
      // Told by its number: the address may hold a password.
      const wrong = sources.length > 1 && sources.indexOf(undefined) + 1
      context.addIssue({ code: 'custom', message: wrong ? `entry ${wrong} of ${sources.length}: ${takes}` : takes })
      return z.NEVER
    }
    return sources.filter((source) => source !== undefined)
  })
