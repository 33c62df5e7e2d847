import { audioFourCcs, videoFourCcs } from '../../../containers/flv/fourcc.ts'
import { type Amf0Object, type Amf0Value, amf0Object, isAmf0Object } from '../amf0/value.ts'

/** What the other side of a connection can do beyond RTMP 1.0 (Enhanced RTMP v2, "Enhancing NetConnection connect Command"). */
export interface Capabilities {
  /** It says anything of Enhanced RTMP at all. */
  readonly enhanced: boolean
  /** FourCCs that it names, of pictures and sound; `*` stands for all. Bounded. */
  readonly fourCcs: readonly string[]
  /** It takes `NetConnection.Connect.ReconnectRequest`. */
  readonly reconnect: boolean
  readonly multitrack: boolean
  readonly modEx: boolean
  readonly nanoOffset: boolean
}

/** `CapsExMask`. */
const CapsEx = { reconnect: 1, multitrack: 2, modEx: 4, timestampNanoOffset: 8 } as const
/** `FourCcInfoMask.CanForward`: nothing is decoded here. */
const CAN_FORWARD = 4
/** FourCCs of one peer that are kept. */
const MAX_FOURCCS = 32

/** From the command object of `connect`, or from what answers it. */
export function parseCapabilities(object: Amf0Value): Capabilities {
  const fields = isAmf0Object(object) ? object : new Map<string, Amf0Value>()
  const list = fields.get('fourCcList')
  const maps = ['videoFourCcInfoMap', 'audioFourCcInfoMap'].map((name) => fields.get(name)).filter(isAmf0Object)
  const caps = fields.get('capsEx')
  const named = [...(isArray(list) ? list : []), ...maps.flatMap((map) => [...map.keys()])]
  const fourCcs = named.filter((name) => typeof name === 'string' && (name === '*' || name.length === 4)) as string[]
  const flags = typeof caps === 'number' && Number.isInteger(caps) ? caps : 0
  const has = (flag: number) => (flags & flag) !== 0
  return {
    enhanced: isArray(list) || maps.length > 0 || typeof caps === 'number',
    fourCcs: [...new Set(fourCcs.slice(0, MAX_FOURCCS))],
    reconnect: has(CapsEx.reconnect),
    multitrack: has(CapsEx.multitrack),
    modEx: has(CapsEx.modEx),
    nanoOffset: has(CapsEx.timestampNanoOffset),
  }
}

/** What Bandstand can do, for `connect` and its answer: everything is passed on as it comes. */
export function printCapabilities(): Amf0Object {
  const video = Object.values(videoFourCcs)
  const audio = Object.values(audioFourCcs)
  const canForward = (fourCcs: readonly string[]) =>
    amf0Object(Object.fromEntries(fourCcs.map((fourCc) => [fourCc, CAN_FORWARD])))
  return amf0Object({
    // Enhanced RTMP v1; "we RECOMMEND supporting both".
    fourCcList: [...video, ...audio],
    videoFourCcInfoMap: canForward(video),
    audioFourCcInfoMap: canForward(audio),
    capsEx: CapsEx.reconnect | CapsEx.multitrack | CapsEx.modEx | CapsEx.timestampNanoOffset,
  })
}

function isArray(value: Amf0Value): value is readonly Amf0Value[] {
  return Array.isArray(value)
}
