import { MediaError } from '../../error.ts'
import { chooseAudio, chooseVideo } from './choose.ts'
import { chooseSent } from './choose-sent.ts'
import { parseSdp } from './parse.ts'
import { printSdp } from './print.ts'

/** What was read prints to text without control characters, and that reads back to what prints the same. */
export const target = {
  name: 'sdp',
  corpus: new URL('corpus/sdp/', import.meta.url),
  run(input: Uint8Array): void {
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(input)
    let description: ReturnType<typeof parseSdp>
    try {
      description = parseSdp(text)
    } catch (error) {
      if (error instanceof MediaError) return
      throw error
    }
    const printed = printSdp(description)
    if (!/^[ -~\r\n]*$/.test(printed)) throw new RangeError('something else than printable ASCII came through')
    if (printed.length < 60_000 && printSdp(parseSdp(printed)) !== printed) throw new RangeError('print is not stable')
    const video = chooseVideo(description, { profileIdc: 0x64, constraints: 0, levelIdc: 40 })
    const audio = chooseAudio(description)
    const sent = chooseSent(description, 4)
    for (const { payloadType } of [video, audio, ...sent.video, sent.audio].filter((one) => one !== undefined)) {
      if (!(payloadType >= 0 && payloadType <= 127)) throw new RangeError(`payload type ${payloadType}`)
    }
  },
}
