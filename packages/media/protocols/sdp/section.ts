import type { MediaSection } from './model.ts'
import { createTransport } from './parse-transport.ts'

/** A section that is being filled. */
export type SectionDraft = {
  -readonly [Key in keyof MediaSection]: MediaSection[Key] extends readonly (infer Item)[] ? Item[] : MediaSection[Key]
}

/** A section of which nothing is known but its `m=` line (RFC 8866 §5.14); its direction is the one of §6.7 where none is said. */
export function emptySection(
  kind: MediaSection['kind'],
  port: number,
  protocol: string,
  formats: readonly string[],
): SectionDraft {
  return {
    kind,
    port,
    protocol,
    formats: [...formats],
    direction: 'sendrecv',
    transport: createTransport(),
    rtcpMux: false,
    rtcpRsize: false,
    bundleOnly: false,
    codecs: [],
    extensions: [],
    sources: [],
    sourceGroups: [],
    rids: [],
    candidates: [],
  }
}
