/**
 * The answer with the rate to begin with: Chromium begins with 300 kbit/s otherwise, and takes half a minute to come up. Other
 * browsers read over it.
 *
 * @param bitrate bits a second
 */
export function withStartRate(sdp: string, bitrate: number): string {
  const kilobits = Math.round(bitrate / 1000)
  return sdp
    .split(/(?=^m=)/m)
    .map((section) => {
      if (!section.startsWith('m=video')) return section
      return section.replace(
        /^(a=fmtp:\d+ )(.*)$/m,
        (_, head: string, values: string) => `${head}${values.trimEnd()};x-google-start-bitrate=${kilobits}\r`,
      )
    })
    .join('')
}
