import { MediaError } from '@bandstand/media/error.ts'
import { GRAMMAR } from '@bandstand/media/protocols/sdp/grammar.ts'
import { malformedLine, splitAttribute, splitLines } from '@bandstand/media/protocols/sdp/lines.ts'

/** What an encoder says later of its side of ICE (RFC 8840 §9, RFC 9725 §4.3). */
export interface IceFragment {
  readonly iceUfrag?: string
  /** How many candidates it names: nothing is made of them, for its checks tell where it is. */
  readonly candidates: number
}

/** Reads an `application/trickle-ice-sdpfrag`. Throws `malformed` or `too-large`. */
export function parseIceFragment(text: string): IceFragment {
  let iceUfrag: string | undefined
  let candidates = 0
  for (const line of splitLines(text)) {
    if (line.type === 'm') continue
    if (line.type !== 'a') throw new MediaError('malformed', `sdp: line ${line.number} does not belong into a fragment`)
    const { name, rest } = splitAttribute(line.value)
    if (name === 'ice-ufrag') {
      if (!GRAMMAR.iceUfrag.test(rest)) throw malformedLine(line.number, 'has a bad ice-ufrag')
      iceUfrag ??= rest
    } else if (name === 'candidate') {
      if (!GRAMMAR.candidate.test(rest)) throw malformedLine(line.number, 'has a bad candidate')
      candidates++
    }
  }
  return { candidates, ...(iceUfrag !== undefined && { iceUfrag }) }
}
