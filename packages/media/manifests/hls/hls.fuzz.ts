import { MediaError } from '../../error.ts'
import { parsePlaylist } from './parse.ts'
import { printMediaPlaylist, printMultivariant } from './print.ts'

/** Any text is read or refused for its size; what was read prints, and reads back to what prints the same. */
export const target = {
  name: 'hls',
  corpus: new URL('./corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(input)
    let parsed: ReturnType<typeof parsePlaylist>
    try {
      parsed = parsePlaylist(text)
    } catch (error) {
      if (error instanceof MediaError && error.code === 'too-large') return
      throw error
    }
    const again = parsed.kind === 'media' ? printMediaPlaylist(parsed.playlist) : printMultivariant(parsed.playlist)
    const second = parsePlaylist(again)
    const twice = second.kind === 'media' ? printMediaPlaylist(second.playlist) : printMultivariant(second.playlist)
    if (second.kind === parsed.kind && twice !== again) throw new MediaError('malformed', 'hls: print is not stable')
  },
}
