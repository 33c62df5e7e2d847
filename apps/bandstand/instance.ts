import { statfs } from 'node:fs/promises'
import type { Instance } from '@bandstand/contract/api/instance.ts'
import type { SegmentStore } from '@bandstand/engine/store/port.ts'
import type { ListenAddress } from './settings/address.ts'
import type { Settings } from './settings/schema.ts'

export interface InstanceSources {
  /** Name under which the owner reached the server, without port. */
  readonly host: string
  readonly settings: Settings
  readonly store: Pick<SegmentStore, 'usage'>
  /** Why a running broadcast is not recorded. */
  readonly trouble: string | undefined
  /** As bound. */
  readonly rtmp: ListenAddress
  readonly rtmps: ListenAddress | undefined
  readonly srt: ListenAddress | undefined
}

/** Facts of the running server for the owner's studio. */
export async function instanceFacts({
  host,
  settings,
  store,
  trouble,
  rtmp,
  rtmps,
  srt,
}: InstanceSources): Promise<Omit<Instance, 'version'>> {
  const disk = await statfs(settings.data).then(
    ({ bavail, blocks, bsize }) => ({ free: bavail * bsize, total: blocks * bsize }),
    () => null,
  )
  const addressOf = (scheme: string, port: number, usual: number) =>
    `${scheme}://${host}${port === usual ? '' : `:${port}`}/live`
  return {
    recording: {
      state: !settings.recording ? 'off' : trouble === undefined ? 'on' : 'stopped',
      reason: trouble ?? null,
      bytes: store.usage(),
      limitBytes: settings.recordingMaxGb * 1e9,
    },
    disk,
    publish: {
      rtmp: addressOf('rtmp', rtmp.port, 1935),
      // 443 is what encoders take where no port is given.
      rtmps: rtmps === undefined ? null : addressOf('rtmps', rtmps.port, 443),
      srt: srt ? { address: `srt://${host}:${srt.port}`, encrypted: settings.srtPassphrase !== undefined } : null,
      whip: settings.webrtc !== 'off',
    },
  }
}
