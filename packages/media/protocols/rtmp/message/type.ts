/** Message type ids (RTMP 1.0 §5.4, §7.1). */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  commandAmf3: 17,
  dataAmf0: 18,
  commandAmf0: 20,
  aggregate: 22,
} as const

/** Chunk stream of protocol control and user control messages (§5.4). */
export const CONTROL_CHUNK_STREAM = 2
/** Chunk stream of commands; which number does not matter to any peer. */
export const COMMAND_CHUNK_STREAM = 3
