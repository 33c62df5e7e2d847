/** Chromium plays Opus in one channel unless its own offer says that it takes two (RFC 7587 §6.1, `stereo`). */
export function withStereo(sdp: string): string {
  const payload = /^a=rtpmap:(\d+) opus\/48000/im.exec(sdp)?.[1]
  if (payload === undefined) return sdp
  return sdp.replace(new RegExp(`^(a=fmtp:${payload} )(.*)$`, 'm'), (line, head: string, values: string) =>
    /(^|;)\s*stereo=/.test(values) ? line : `${head}${values};stereo=1`,
  )
}
