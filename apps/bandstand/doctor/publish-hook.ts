import { isIP } from 'node:net'
import { isPublic } from '@bandstand/engine/remote/address.ts'
import { createPublishHook } from '@bandstand/platform/publishing/hook/hook.ts'
import { publishHookOf } from '../publish-hook.ts'
import type { Settings } from '../settings/schema.ts'
import type { Finding } from './finding.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Asks the publish hook as an encoder on `main` would be asked about. */
export async function examinePublishHook(settings: Settings): Promise<Finding[]> {
  const known = publishHookOf(settings)
  if (known === undefined) return []
  const { protocol, hostname, origin } = new URL(known.url)
  const found: Finding[] = []
  if (protocol === 'http:' && isElsewhere(hostname)) {
    found.push({
      level: 'note',
      text: `publish hook ${origin}: its answers come without encryption, and whoever is on the way can let encoders in; use https (--publish-hook)`,
    })
  }
  const hook = createPublishHook({ ...known, log: silent, now: Date.now })
  const began = performance.now()
  const answer = await hook.attempt({
    ...{ channel: 'main', protocol: 'rtmp', remote: '127.0.0.1', encoder: 'bandstand doctor' },
    ...{ keyId: null, note: null, isSigned: false },
  })
  const took = `${Math.round(performance.now() - began)} ms`
  if ('fault' in answer) {
    found.push({
      level: 'problem',
      text: `publish hook ${origin}: ${answer.fault}. Until it answers nobody can publish (--publish-hook, --publish-hook-timeout)`,
    })
    return found
  }
  const said = answer.allow
    ? `would let an encoder in on ${answer.channel ?? 'main'}`
    : `would refuse an encoder on main: ${answer.reason}`
  found.push({ level: 'ok', text: `publish hook ${origin} answered in ${took}, and ${said}` })
  return found
}

/** A name may be anywhere; of addresses it is known. */
function isElsewhere(hostname: string): boolean {
  const address = hostname.replace(/^\[|\]$/g, '')
  return isIP(address) === 0 ? hostname !== 'localhost' : isPublic(address)
}
