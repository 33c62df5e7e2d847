import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** One track of a test clip, cut into CMAF chunks of a third of a second. */
export interface ClipTrack {
  readonly init: Buffer
  readonly parts: readonly Buffer[]
}

export interface Clip {
  readonly video: ClipTrack
  readonly audio: ClipTrack
  /** Seconds of one part. */
  readonly partDuration: number
  /** Parts between key frames. */
  readonly keyParts: number
}

const run = promisify(execFile)

/** Makes a clip with ffmpeg: 30 frames and 10 parts to 3⅓ seconds. @param keyFrames frames between key frames, a multiple of 10 */
export async function makeClip(seconds: number, keyFrames: number): Promise<Clip> {
  const folder = await mkdtemp(join(tmpdir(), 'clip-'))
  try {
    const video = join(folder, 'v.mp4')
    const audio = join(folder, 'a.mp4')
    const fragment = ['-f', 'mp4', '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '333000']
    await run('ffmpeg', [
      ...['-v', 'error', '-y', '-f', 'lavfi', '-i', `testsrc=size=320x180:rate=30:duration=${seconds}`],
      ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=48000:duration=${seconds}`],
      ...['-map', '0:v', '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-pix_fmt', 'yuv420p'],
      ...['-g', String(keyFrames), '-keyint_min', String(keyFrames), '-sc_threshold', '0', '-b:v', '300k'],
      ...[...fragment, video, '-map', '1:a', '-c:a', 'aac', '-b:a', '64k', ...fragment, audio],
    ])
    return {
      video: split(await readFile(video)),
      audio: split(await readFile(audio)),
      partDuration: 1 / 3,
      keyParts: keyFrames / 10,
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** ISO BMFF boxes: what stands before the first `moof` is the header, then `moof` and `mdat` by turns. */
function split(file: Buffer): ClipTrack {
  const init: Buffer[] = []
  const parts: Buffer[] = []
  let moof: Buffer | undefined
  for (let at = 0; at < file.length; ) {
    const size = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    const box = file.subarray(at, at + size)
    if (type === 'moof') moof = box
    else if (type === 'mdat' && moof) parts.push(Buffer.concat([moof, box]))
    else if (parts.length === 0 && moof === undefined) init.push(box)
    at += size
  }
  return { init: Buffer.concat(init), parts }
}
