import type { Asset } from '@bandstand/contract/api/asset.ts'
import type { Channel } from '@bandstand/contract/api/channel.ts'

/** What the pages ask the rest of the platform; answers come from memory or a quick query. */
export interface PageFacts {
  /** All channels, in the order of the directory. */
  channels(): Promise<readonly Channel[]> | readonly Channel[]
  channel(slug: string): Promise<Channel | undefined> | Channel | undefined
  asset(id: string): Promise<Asset | undefined> | Asset | undefined
}
