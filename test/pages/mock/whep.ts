import type { Browser, Page } from 'playwright-core'

/**
 * A WHEP server that is a page of the browser: a drawn picture and a tone, sent by the browser's own WebRTC. So the player's
 * side is tested against another implementation than ours, with everything real but the network.
 */
export interface MockWhep {
  /** Lines of the renditions that are offered, the best first; without any a session is asked for none. */
  heights: readonly number[]
  /** What a session may choose from and has chosen; `undefined` where nothing is offered. @param session its number */
  layers(session: string): object | undefined
  /** The picture is of the size that is named, or of the best; the next session begins with the best. */
  choose(session: string, encodingId: string | undefined): Promise<void>
  /** Answers an offer with an SDP and the rendition that it begins with, or with the status and code of a refusal. */
  answer(
    offer: string,
  ): Promise<
    | { readonly sdp: string; readonly rendition: string | undefined }
    | { readonly status: number; readonly code: string }
  >
  /** Refuses from now on, as a server whose WebRTC process has died does; `undefined` accepts again. */
  refuse(with_: { readonly status: number; readonly code: string } | undefined): void
  /** Names an address at which nobody answers, as behind a firewall that lets no UDP through. */
  block(on: boolean): void
  /** Ends all sessions without a word. */
  drop(): Promise<void>
  /** The encoder is away: nothing is sent, the connections stay. */
  hold(on: boolean): Promise<void>
  /** Sessions that are connected. */
  sessions(): Promise<number>
  close(): Promise<void>
}

declare global {
  interface Window {
    peers: RTCPeerConnection[]
    held: boolean
    resize(height: number): void
    answer(offer: string): Promise<string>
    hold(on: boolean): Promise<void>
  }
}

export async function startMockWhep(browser: Browser, url: string): Promise<MockWhep> {
  const context = await browser.newContext()
  const page: Page = await context.newPage()
  await page.goto(url)
  await page.evaluate(() => {
    const canvas = document.createElement('canvas')
    canvas.width = 320
    canvas.height = 180
    const context = canvas.getContext('2d') as CanvasRenderingContext2D
    let count = 0
    // A timer, for a page in the background is drawn rarely.
    setInterval(() => {
      count++
      context.fillStyle = `hsl(${(count * 7) % 360} 80% 50%)`
      context.fillRect(0, 0, canvas.width, canvas.height)
    }, 33)
    const audio = new AudioContext()
    const tone = audio.createOscillator()
    const out = audio.createMediaStreamDestination()
    tone.connect(out)
    tone.start()
    const [video] = canvas.captureStream(30).getVideoTracks()
    const [sound] = out.stream.getAudioTracks()
    window.peers = []
    window.held = false
    Object.assign(window, {
      resize(height: number) {
        canvas.width = (height * 16) / 9
        canvas.height = height
      },
      async answer(offer: string) {
        const peer = new RTCPeerConnection()
        window.peers.push(peer)
        await peer.setRemoteDescription({ type: 'offer', sdp: offer })
        for (const track of [video, sound]) if (track) peer.addTrack(track)
        await peer.setLocalDescription(await peer.createAnswer())
        while (peer.iceGatheringState !== 'complete') await new Promise((resolve) => setTimeout(resolve, 10))
        if (window.held) for (const sender of peer.getSenders()) await sender.replaceTrack(null)
        return peer.localDescription?.sdp
      },
      async hold(on: boolean) {
        window.held = on
        for (const peer of window.peers) {
          if (peer.signalingState === 'closed') continue
          for (const [i, sender] of peer.getSenders().entries()) {
            await sender.replaceTrack(on ? null : ((i === 0 ? video : sound) ?? null))
          }
        }
      },
    })
  })
  let refusal: { readonly status: number; readonly code: string } | undefined
  let blocked = false
  const chosen = new Map<string, string>()
  const resize = (height: number) => page.evaluate((lines) => window.resize(lines), height)
  const whep: MockWhep = {
    heights: [],
    layers(session) {
      if (whep.heights.length === 0) return undefined
      const renditions = whep.heights.map((height) => ({
        ...{ encodingId: `${height}p`, height, frameRate: 30, bitrate: height * 2000 },
      }))
      return { chosen: chosen.get(session) ?? null, reason: null, renditions }
    },
    async choose(session, encodingId) {
      if (encodingId === undefined) chosen.delete(session)
      else chosen.set(session, encodingId)
      await resize(encodingId === undefined ? (whep.heights[0] ?? 0) : Number.parseInt(encodingId, 10))
    },
    async answer(offer) {
      if (refusal) return refusal
      const [best] = whep.heights
      if (best !== undefined) await resize(best)
      const sdp = await page.evaluate((text) => window.answer(text), offer)
      // Port 9 is "discard": nobody listens there.
      return {
        sdp: blocked ? sdp.replace(/^(a=candidate:\S+ \d \S+ \d+ \S+ )\d+/gm, '$19') : sdp,
        rendition: best === undefined ? undefined : `${best}p`,
      }
    },
    refuse(with_) {
      refusal = with_
    },
    block(on) {
      blocked = on
    },
    drop: () =>
      page.evaluate(() => {
        for (const peer of window.peers.splice(0)) peer.close()
      }),
    hold: (on) => page.evaluate((away) => window.hold(away), on),
    sessions: () =>
      page.evaluate(() => window.peers.filter(({ connectionState }) => connectionState === 'connected').length),
    close: () => context.close(),
  }
  return whep
}
