import { PeerConnection, type Track } from 'node-datachannel'

export interface AnsweringOptions {
  readonly id: string
  /** Of all connections: one socket carries them all. */
  readonly port: number
  /** `::` is IPv6 and IPv4 on all addresses. */
  readonly host: string
  /** Read and printed by us, with the sections that are answered, and without candidates. */
  readonly offer: string
  /** The answer with all candidates. */
  readonly onAnswer: (sdp: string) => void
  /** All tracks can be used. */
  readonly onOpen: () => void
  /** RTP or RTCP, by the section it belongs to. */
  readonly onPacket: (mid: string, packet: Buffer) => void
  /** Once; nothing else is called after it. */
  readonly onClosed: () => void
}

/** An answering connection of libdatachannel. */
export interface Answering {
  /** Copies the packet. Nothing happens where the track is not open. */
  write(mid: string, packet: Uint8Array): void
  /** Idempotent; `onClosed` follows. */
  close(): void
}

/**
 * The only place that knows the library's rules, some of which end the process when broken: a track is added before the
 * answer is made; every track has `onClosed` and is referred to until then; tracks are closed before their connection.
 *
 * @param addTracks lines for `parseSdpLine` hold numbers where numbers belong.
 * @throws Error as the library does for an offer that it does not take.
 */
export function answerOffer(
  options: AnsweringOptions,
  addTracks: (peer: PeerConnection) => readonly Track[],
): Answering {
  const peer = new PeerConnection(options.id, {
    iceServers: [],
    enableIceUdpMux: true,
    portRangeBegin: options.port,
    portRangeEnd: options.port,
    disableAutoNegotiation: true,
    mtu: 1280,
    bindAddress: options.host,
  })
  const tracks = new Map<string, Track>()
  let waiting = 0
  /** As we were told: asking the library before each packet costs half as much again as sending it. */
  const opened = new Set<Track>()
  let state: 'open' | 'closing' | 'closed' = 'open'
  let isAnswered = false

  function hold(track: Track): void {
    waiting++
    const mid = track.mid()
    tracks.set(mid, track)
    track.onOpen(() => {
      opened.add(track)
      if (--waiting === 0 && state === 'open') options.onOpen()
    })
    track.onMessage((message) => {
      if (state === 'open') options.onPacket(mid, message)
    })
    track.onError(() => close())
    track.onClosed(() => close())
  }

  function close(): void {
    if (state !== 'open') return
    state = 'closing'
    for (const track of tracks.values()) if (!track.isClosed()) track.close()
    peer.close()
  }

  function finish(): void {
    if (state === 'closed') return
    close()
    state = 'closed'
    options.onClosed()
  }

  peer.onStateChange((changed) => {
    if (changed === 'failed' || changed === 'disconnected') close()
    if (changed === 'closed') finish()
  })
  peer.onGatheringStateChange((changed) => {
    if (changed !== 'complete' || isAnswered || state !== 'open') return
    const sdp = peer.localDescription()?.sdp
    if (sdp === undefined) return
    isAnswered = true
    options.onAnswer(sdp)
  })
  try {
    for (const track of addTracks(peer)) hold(track)
    peer.setRemoteDescription(options.offer, 'offer')
    peer.setLocalDescription('answer')
  } catch (error) {
    close()
    // Whoever never had a connection is not told of its end.
    state = 'closed'
    throw error
  }

  return {
    write(mid, packet) {
      const track = tracks.get(mid)
      if (state !== 'open' || track === undefined || !opened.has(track)) return
      try {
        // It copies what it is given.
        track.sendMessageBinary(packet as Buffer)
      } catch {
        // Closed a moment ago, and we have not been told yet.
        close()
      }
    },
    close,
  }
}
