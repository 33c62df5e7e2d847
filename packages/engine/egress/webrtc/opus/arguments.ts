/**
 * ffmpeg's arguments: Opus in Ogg out, each packet as soon as it is there.
 *
 * @param format of what comes in. `channels` are the source's.
 */
export function opusArguments(format: string, channels: number): readonly string[] {
  const isMono = channels === 1
  const input = ['-probesize', '32', '-analyzeduration', '0', '-fflags', 'nobuffer', '-f', format, '-i', 'pipe:0']
  const codec = ['-c:a', 'libopus', '-application', 'audio', '-frame_duration', '20', '-b:a', isMono ? '64k' : '128k']
  // Browsers take two channels at most.
  const layout = ['-ac', isMono ? '1' : '2', '-ar', '48000']
  const output = ['-f', 'ogg', '-page_duration', '20000', '-flush_packets', '1', 'pipe:1']
  return [
    '-hide_banner',
    '-loglevel',
    'error',
    '-threads',
    '1',
    ...input,
    '-map',
    '0:a:0',
    ...codec,
    ...layout,
    ...output,
  ]
}
