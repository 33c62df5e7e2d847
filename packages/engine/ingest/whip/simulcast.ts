import type { ReceivedVideo } from './messages.ts'

const RID = 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id'

/**
 * The answer with the simulcast that is taken (RFC 8853 §5.3.2, RFC 8851 §5), of which the library knows nothing: it goes in behind
 * each section's `a=mid`.
 */
export function withSimulcast(sdp: string, video: readonly ReceivedVideo[]): string {
  let answer = sdp
  for (const { mid, rids, ridExtension } of video) {
    if (rids.length === 0 || ridExtension === undefined) continue
    const lines = [
      `a=extmap:${ridExtension} ${RID}`,
      ...rids.map((rid) => `a=rid:${rid} recv`),
      `a=simulcast:recv ${rids.join(';')}`,
    ]
    answer = answer.replace(`a=mid:${mid}\r\n`, (line) => `${line}${lines.map((text) => `${text}\r\n`).join('')}`)
  }
  return answer
}
