import type { ListenAddress } from './address.ts'
import type { Settings } from './schema.ts'

/** The port beside that of RTMP: 443, which RTMPS has elsewhere, is that of HTTPS here. */
const USUAL: ListenAddress = { host: '0.0.0.0', port: 1936 }

/** Where RTMPS is listened for: nowhere without a certificate. */
export function rtmpsAddress({ rtmps, tlsCert }: Pick<Settings, 'rtmps' | 'tlsCert'>): ListenAddress | undefined {
  return tlsCert === undefined || rtmps === 'off' ? undefined : (rtmps ?? USUAL)
}
