import { globSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { RTP_LIMITS } from '@bandstand/media/protocols/rtp/limits.ts'
import { runToEnd, start } from '../../test/support/process.ts'
import { findProgram } from '../../test/support/programs.ts'
import { temporaryFolder } from '../../test/support/temporary.ts'
import { freePort, freeUdpPort } from '../support/free-port.ts'
import { startJanusWhep } from './janus-whep.ts'
import { waitForPort } from './nginx.ts'

export interface Janus {
  readonly pid: number
  /** WHEP address of its one stream. */
  readonly whep: string
  readonly output: () => string
  readonly stop: () => Promise<void>
}

/** Bytes of an RTP header without extensions. */
const rtpHeader = 12

/** A folder with only this module of Janus in it; it loads all that it finds. */
function onlyModule(folder: string, kind: 'plugins' | 'transports', name: string): string {
  const [module] = globSync(`/usr/{lib,lib/*,local/lib,lib64}/janus/${kind}/${name}.so`)
  if (module === undefined) throw new Error(`${name} is missing. Install it: apt-get install -y janus`)
  mkdirSync(join(folder, kind))
  symlinkSync(module, join(folder, kind, basename(module)))
  return join(folder, kind)
}

/**
 * Janus with its streaming plugin: the picture of one clip over and over, to viewers by WHEP. It takes no RTMP, so ffmpeg sends it
 * RTP, in packets as large as ours and with the parameter sets before each key frame, where ours are.
 *
 * One event loop for all viewers, which is in its favour: with a thread for each, as it comes, it takes more than twice the processor
 * time (50 viewers). Its media go by the addresses of the machine's network, for it leaves loopback out.
 */
export async function startJanus(clip: string): Promise<Janus> {
  const [http, rtp] = [await freePort(), await freeUdpPort()]
  const folder = temporaryFolder('janus')
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text)
  mkdirSync(join(folder, 'none'))
  write(
    'janus.jcfg',
    `general: {
      configs_folder = "${folder}"
      plugins_folder = "${onlyModule(folder, 'plugins', 'libjanus_streaming')}"
      transports_folder = "${onlyModule(folder, 'transports', 'libjanus_http')}"
      events_folder = "${folder}/none"
      loggers_folder = "${folder}/none"
      debug_level = 3
      debug_colors = false
      # Nobody asks for what happens to a session after its answer.
      session_timeout = 0
      event_loops = 1
    }`,
  )
  write('janus.transport.http.jcfg', `general: { http = true, port = ${http}, ip = "127.0.0.1" }`)
  write(
    'janus.plugin.streaming.jcfg',
    `clip: {
      type = "rtp"
      id = 1
      media = ({
        type = "video"
        mid = "0"
        port = ${rtp}
        iface = "127.0.0.1"
        pt = 96
        codec = "h264"
        fmtp = "profile-level-id=42e01f;packetization-mode=1"
      })
    }`,
  )
  const janus = start(findProgram('janus'), ['--config', join(folder, 'janus.jcfg'), '--configs-folder', folder], {
    cwd: folder,
    limit: 7_200_000,
  })
  await Promise.race([
    waitForPort(http),
    janus.exited.then(() => Promise.reject(new Error(`janus ended:\n${janus.output()}`))),
  ])
  // In MPEG-TS the parameter sets stand before each key frame, and stay there when it is played over and over.
  const annexB = join(folder, 'clip.ts')
  const ffmpeg = findProgram('ffmpeg')
  await runToEnd(ffmpeg, ['-hide_banner', '-loglevel', 'error', '-i', clip, '-map', '0:v', '-c', 'copy', annexB])
  const feed = start(
    ffmpeg,
    [
      ...['-hide_banner', '-loglevel', 'warning', '-re', '-stream_loop', '-1', '-i', annexB],
      ...['-map', '0:v', '-c', 'copy', '-payload_type', '96', '-f', 'rtp'],
      `rtp://127.0.0.1:${rtp}?pkt_size=${RTP_LIMITS.payload + rtpHeader}`,
    ],
    { limit: 7_200_000 },
  )
  const whep = await startJanusWhep(`http://127.0.0.1:${http}/janus`, 1)
  return {
    pid: janus.pid,
    whep: whep.url,
    output: () => `${janus.output()}\n${feed.output()}`,
    stop: async () => {
      whep.stop()
      await feed.stop('SIGKILL')
      await janus.stop()
    },
  }
}
