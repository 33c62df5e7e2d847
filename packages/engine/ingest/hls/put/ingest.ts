import type { HlsReport, Log, Publisher, PublishPort, PublishRefusal } from '../../../ports.ts'
import { networkOf } from '../../../remote/address.ts'
import type { RefusalLog } from '../../../remote/refusals.ts'
import { HLS_LIMITS } from '../limits.ts'
import { cleanPath } from '../name.ts'
import { createPutEncoder, type PutEncoder, type PutUpload } from './encoder.ts'
import { type PutFault, tellPutFault } from './faults.ts'
import { createPutMaps } from './maps.ts'
import { createPutBudget } from './store.ts'

export interface HlsPutOptions {
  readonly publishPort: PublishPort
  readonly log: Log
  readonly refusals: RefusalLog
  /** ms, rising. */
  readonly now: () => number
  /** Bits a second of one rendition. */
  readonly maxBitrate: number
  /** Encoders from one address. */
  readonly encodersPerAddress: number
}

/** What a request that brings a file says. */
export interface PutRequest {
  readonly key: string
  /** What the address has behind the key, without query. */
  readonly path: string
  /** Remote address without port. */
  readonly remote: string
  /** `User-Agent`, cut to 100 characters. */
  readonly encoder?: string
}

/** Why a file is not taken. */
export type PutRefused =
  | { readonly refusal: PublishRefusal }
  | { readonly fault: PutFault | 'bad-name'; readonly reason: string }

/** Encoders that put their playlists and segments here by HTTP. */
export interface HlsPutIngest {
  /** Lets a file in; the first one of an encoder asks who may publish. */
  upload(request: PutRequest): Promise<PutUpload | PutRefused>
  /** Encoders that are publishing, or that ask to. */
  readonly encoders: number
  /** Ends all as lost connections. */
  close(): void
}

/** Of an encoder that is just being let in. */
const NOTHING_YET: HlsReport = { source: 'put', targetDuration: 0, renditions: 0, leftOut: 0, lost: 0 }

export function createHlsPutIngest(options: HlsPutOptions): HlsPutIngest {
  const { publishPort, log, refusals, now, maxBitrate } = options
  const budget = createPutBudget()
  const maps = createPutMaps(now)
  /** By `idOf`. */
  const encoders = new Map<string, Promise<PutEncoder | { readonly refusal: PublishRefusal }>>()
  const networks = new Map<string, number>()

  async function admit({ key, remote, encoder: name }: PutRequest, id: string, network: string) {
    const state: { encoder?: PutEncoder; fed?: Pick<Publisher, 'channel'>; isOver?: boolean } = {}
    const leave = () => {
      if (state.isOver === true) return
      state.isOver = true
      encoders.delete(id)
      const left = (networks.get(network) ?? 1) - 1
      if (left === 0) networks.delete(network)
      else networks.set(network, left)
    }
    networks.set(network, (networks.get(network) ?? 0) + 1)
    const fields = () => ({
      remote,
      key: shortKey(key),
      ...(state.fed !== undefined && { channel: state.fed.channel }),
    })
    const stop = (why: PublishRefusal) => {
      refusals.refused('warn', { ...fields(), reason: why.code, text: why.reason }, 'hls: encoder stopped', why.code)
      leave()
      state.encoder?.stop()
    }
    try {
      // The caller is to know of it before it may be over.
      await Promise.resolve()
      const hls = (): HlsReport => state.encoder?.report ?? NOTHING_YET
      const request = { protocol: 'hls' as const, remote, key, hls, ...(name !== undefined && { encoder: name }) }
      const answer = await publishPort.publish(request, stop)
      if ('refusal' in answer) {
        leave()
        maps.touch(id)
        const text = answer.refusal.reason
        refusals.refused('warn', { ...fields(), reason: 'refused', text }, 'hls: encoder refused', answer.refusal.code)
        return answer
      }
      const { publisher } = answer
      state.fed = publisher
      const encoder = createPutEncoder({
        ...{ fields, budget, maxBitrate, log, refusals, now, onEnd: leave },
        maps: maps.take(id),
        onMaps: (files) => maps.store(id, files),
      })
      if (state.isOver === true) {
        encoder.stop()
        return { refusal: { code: 'unavailable', reason: 'the channel was given to another encoder' } as const }
      }
      state.encoder = encoder
      log.info({ ...fields(), ...(name !== undefined && { encoder: name }) }, 'hls: encoder publishing')
      encoder.publishTo(publisher)
      return encoder
    } catch (error) {
      leave()
      refusals.refused('error', { ...fields(), err: error }, 'hls: publish failed')
      return { refusal: { code: 'unavailable', reason: 'The server failed to accept the stream: try again.' } as const }
    }
  }

  function encoderOf(request: PutRequest): Promise<PutEncoder | { readonly refusal: PublishRefusal }> {
    const id = idOf(request)
    const known = encoders.get(id)
    if (known !== undefined) return known
    const network = networkOf(request.remote)
    if (encoders.size >= HLS_LIMITS.putSessions || (networks.get(network) ?? 0) >= options.encodersPerAddress) {
      const reason = 'too many encoders: stop those that are not needed, and try again'
      refusals.refused('warn', { remote: request.remote, reason: 'limit' }, 'hls: too many encoders')
      return Promise.resolve({ refusal: { code: 'limit', reason } })
    }
    const admitted = admit(request, id, network)
    encoders.set(id, admitted)
    return admitted
  }

  return {
    async upload(request) {
      const cleaned = cleanPath(request.path)
      if ('fault' in cleaned) {
        const fields = { remote: request.remote, key: shortKey(request.key), text: cleaned.fault }
        refusals.refused('warn', fields, 'hls: file refused', 'bad-name')
        return { fault: 'bad-name', reason: cleaned.fault }
      }
      const encoder = await encoderOf(request)
      if ('refusal' in encoder) {
        maps.forget(idOf(request), cleaned.name)
        return encoder
      }
      const upload = encoder.begin(cleaned.name)
      return typeof upload === 'string' ? { fault: upload, reason: tellPutFault(upload) } : upload
    },
    get encoders() {
      return encoders.size
    },
    close() {
      for (const admitted of encoders.values()) {
        void admitted.then((encoder) => {
          if (!('refusal' in encoder)) encoder.close()
        })
      }
    },
  }
}

/** One encoder has many connections, and several keys may be of one channel. */
function idOf({ remote, key }: PutRequest): string {
  return `${remote}\n${key}`
}

/** First 4 characters of a stream key: all that a log may say of it. */
function shortKey(key: string): string {
  return key.length > 4 ? `${key.slice(0, 4)}…` : '…'
}
