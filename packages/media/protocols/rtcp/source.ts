import type { ByteReader } from '../../bytes/reader.ts'
import type { ByteWriter } from '../../bytes/writer.ts'
import { MediaError } from '../../error.ts'
import { RTCP_TYPE, writeFrame } from './header.ts'

/** Source description, canonical names only (RFC 3550 §6.5.1); other items are read over. */
export interface SourceDescription {
  readonly type: 'sdes'
  readonly chunks: readonly { readonly ssrc: number; readonly cname: string }[]
}

/** RFC 3550 §6.6; the reason is read over. */
export interface Bye {
  readonly type: 'bye'
  readonly ssrcs: readonly number[]
}

const CNAME = 1

export function parseSourceDescription(body: ByteReader, count: number): SourceDescription {
  const chunks: { ssrc: number; cname: string }[] = []
  for (let i = 0; i < count; i++) {
    const ssrc = body.u32()
    let cname = ''
    for (let item = body.u8(); item !== 0; item = body.u8()) {
      const text = body.bytes(body.u8())
      if (item === CNAME) cname = new TextDecoder('utf-8', { ignoreBOM: true }).decode(text)
    }
    chunks.push({ ssrc, cname })
    // The list ends with one null byte and as many more as bring it to a whole word.
    body.skip((4 - (body.offset % 4)) % 4)
  }
  return { type: 'sdes', chunks }
}

export function parseBye(body: ByteReader, count: number): Bye {
  return { type: 'bye', ssrcs: Array.from({ length: count }, () => body.u32()) }
}

/** Throws `too-large` for a name above 255 bytes. */
export function printSourceDescription(writer: ByteWriter, { chunks }: SourceDescription): void {
  writeFrame(writer, chunks.length, RTCP_TYPE.sdes, () => {
    for (const { ssrc, cname } of chunks) {
      const text = new TextEncoder().encode(cname)
      if (text.byteLength > 255) throw new MediaError('too-large', `rtcp: CNAME of ${text.byteLength} bytes`)
      writer.u32(ssrc).u8(CNAME).u8(text.byteLength).bytes(text).u8(0)
      while (writer.length % 4 !== 0) writer.u8(0)
    }
  })
}

export function printBye(writer: ByteWriter, { ssrcs }: Bye): void {
  writeFrame(writer, ssrcs.length, RTCP_TYPE.bye, () => {
    for (const ssrc of ssrcs) writer.u32(ssrc)
  })
}
