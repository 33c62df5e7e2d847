import type { AssetList } from '@bandstand/contract/api/asset.ts'
import type {
  Channel,
  ChannelList,
  CreateChannel,
  OfflineImage,
  StreamKey,
  UpdateChannel,
} from '@bandstand/contract/api/channel.ts'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import type { Instance } from '@bandstand/contract/api/instance.ts'
import type { LadderEncoders, LadderSettings } from '@bandstand/contract/api/ladder.ts'
import type { BanList } from '@bandstand/contract/api/moderation.ts'
import type { MultitrackConfig, MultitrackEncoder } from '@bandstand/contract/api/multitrack.ts'
import type {
  CreateKey,
  CreateSignedKey,
  PublishKeyList,
  ShownKey,
  SignedKey,
} from '@bandstand/contract/api/publishing.ts'
import type { Session } from '@bandstand/contract/api/session.ts'
import { ApiError, request } from '../channel/request.ts'

const base = '/api/v1'
const ch = (slug: string) => `/channels/${encodeURIComponent(slug)}`

/** The operations that the studio uses; each rejects with {@link ApiError}. */
export const api = {
  session: () => call<Session>('GET', '/session'),
  signIn: (password: string) => call<Session>('POST', '/session', { password }),
  signOut: () => call<void>('DELETE', '/session'),
  instance: () => call<Instance>('GET', '/instance'),
  channels: () => call<ChannelList>('GET', '/channels'),
  createChannel: (body: CreateChannel) => call<Channel>('POST', '/channels', body),
  updateChannel: (slug: string, body: UpdateChannel) => call<Channel>('PATCH', ch(slug), body),
  deleteChannel: (slug: string) => call<void>('DELETE', ch(slug)),
  key: (slug: string) => call<StreamKey>('GET', `${ch(slug)}/key`),
  rotateKey: (slug: string) => call<StreamKey>('POST', `${ch(slug)}/key/rotate`),
  keys: (slug: string) => call<PublishKeyList>('GET', `${ch(slug)}/keys`),
  createKey: (slug: string, body: CreateKey) => call<ShownKey>('POST', `${ch(slug)}/keys`, body),
  showKey: (slug: string, id: string) => call<ShownKey>('GET', `${ch(slug)}/keys/${encodeURIComponent(id)}`),
  revokeKey: (slug: string, id: string) => call<void>('DELETE', `${ch(slug)}/keys/${encodeURIComponent(id)}`),
  signKey: (slug: string, body: CreateSignedKey) => call<SignedKey>('POST', `${ch(slug)}/signed-keys`, body),
  revokeSigned: (slug: string) => call<void>('DELETE', `${ch(slug)}/signed-keys`),
  health: (slug: string) => call<ChannelHealth>('GET', `${ch(slug)}/health`),
  ladder: (slug: string) => call<LadderSettings>('GET', `${ch(slug)}/ladder`),
  setLadder: (slug: string, body: LadderSettings) => call<LadderSettings>('PUT', `${ch(slug)}/ladder`, body),
  multitrack: (slug: string, height: number, frameRate: number, encoder: MultitrackEncoder) =>
    call<MultitrackConfig>('GET', `${ch(slug)}/multitrack?height=${height}&frameRate=${frameRate}&encoder=${encoder}`),
  ladderEncoders: () => call<LadderEncoders>('GET', '/ladder/encoders'),
  setOfflineImage: (slug: string, image: Blob) => call<OfflineImage>('PUT', `${ch(slug)}/offline-image`, image),
  removeOfflineImage: (slug: string) => call<void>('DELETE', `${ch(slug)}/offline-image`),
  assets: (slug: string, before?: string) =>
    call<AssetList>('GET', `${ch(slug)}/assets${before ? `?before=${encodeURIComponent(before)}` : ''}`),
  deleteAsset: (id: string) => call<void>('DELETE', `/assets/${encodeURIComponent(id)}`),
  bans: (slug: string) => call<BanList>('GET', `${ch(slug)}/chat/bans`),
  liftBan: (slug: string, id: string) => call<void>('DELETE', `${ch(slug)}/chat/bans/${encodeURIComponent(id)}`),
} as const

async function call<T>(method: string, path: string, body?: object | Blob): Promise<T> {
  try {
    return await request<T>(method, base + path, body)
  } catch (error) {
    if (error instanceof ApiError && error.code === 'not-signed-in') dispatchEvent(new Event('bandstand-signed-out'))
    throw error
  }
}
