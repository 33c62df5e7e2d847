import { av1 } from './av1.ts'
import type { Depacketizer } from './depacketizer.ts'
import { h264 } from './h264.ts'
import { hevc } from './hevc.ts'
import { vp8 } from './vp8.ts'
import { vp9 } from './vp9.ts'

/** Pictures that can be received, by the codec's name here. */
export const depacketizers = { h264, hevc, av1, vp9, vp8 } as const satisfies Readonly<Record<string, Depacketizer>>

export type ReceivedVideoCodec = keyof typeof depacketizers
