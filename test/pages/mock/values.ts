import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { Ban } from '@bandstand/contract/api/moderation.ts'
import type { ShownKey } from '@bandstand/contract/api/publishing.ts'
import type { ChatMessage } from '@bandstand/contract/chat/model.ts'

export function mockChannel(slug: string): Channel {
  return {
    slug,
    title: 'Late Night Synthesis',
    description: 'Modular synthesizers, field recordings and bad jokes.\nEvery Thursday at nine.',
    offlineImage: null,
    offlineText: '',
    latency: 'low',
    live: false,
    viewers: 0,
    startedAt: null,
    assetId: null,
    generation: 0,
    chat: { enabled: true, slowMode: 0 },
  }
}

let messageCount = 0

export function mockMessage(
  name: string,
  text: string,
  more: { clientId?: string; owner?: boolean } = {},
): ChatMessage {
  const { owner = false, clientId } = more
  return {
    id: `msg_${++messageCount}`,
    at: new Date().toISOString(),
    author: { id: `usr_${name.toLowerCase().replace(/\W/g, '')}`, name, owner },
    text,
    ...(clientId === undefined ? {} : { clientId }),
  }
}

export function mockBan(name: string, address: boolean): Ban {
  const id = name.toLowerCase()
  return { id: `ban_${id}`, name, chatterId: `usr_${id}`, address, createdAt: '2026-01-01T20:00:00.000Z' }
}

let keyCount = 0

export function mockKey(note: string, more: Partial<ShownKey> = {}): ShownKey {
  const number = ++keyCount
  const made = { createdAt: '2026-01-01T20:00:00.000Z', expiresAt: null, usedAt: null, inUse: false }
  return { id: `key_${number}`, note, ...made, key: `further-key-${number}`, ...more }
}
