import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What Janus answers, as far as it is read here. */
interface Answer {
  readonly janus: string
  readonly data?: { readonly id: number }
  readonly error?: { readonly reason: string }
  readonly plugindata?: { readonly data: { readonly error?: string } }
  readonly jsep?: { readonly sdp: string }
}

async function ask(url: string, init: RequestInit): Promise<Answer> {
  const answer = (await (await fetch(url, init)).json()) as Answer
  const reason = answer.error?.reason ?? answer.plugindata?.data.error
  if (reason !== undefined) throw new Error(`janus: ${reason}`)
  return answer
}

/** A request of Janus's own API. @see https://janus.conf.meetecho.com/docs/rest.html */
const request = (url: string, body: object): Promise<Answer> =>
  ask(url, { method: 'POST', body: JSON.stringify({ ...body, transaction: randomUUID() }) })

/** Has the streaming plugin send to a viewer; resolves with its description, as an answer. */
async function watch(api: string, mountpoint: number, viewer: string): Promise<string> {
  const session = `${api}/${(await request(api, { janus: 'create' })).data?.id}`
  const attached = await request(session, { janus: 'attach', plugin: 'janus.plugin.streaming' })
  const say = (body: object, jsep?: object) =>
    request(`${session}/${attached.data?.id}`, { janus: 'message', body, ...(jsep && { jsep }) })
  await say({ request: 'watch', id: mountpoint })
  for (;;) {
    const { janus, jsep } = await ask(session, { method: 'GET' })
    if (janus === 'timeout') throw new Error('janus: the session is gone')
    if (jsep === undefined) continue
    await say({ request: 'start' }, { type: 'answer', sdp: viewer.replace('a=setup:actpass', 'a=setup:passive') })
    return jsep.sdp.replace('a=setup:actpass', 'a=setup:active')
  }
}

/**
 * WHEP before Janus, which speaks its own API: brings two descriptions together and has no part in what is sent.
 *
 * Debian's Janus (1.1.2) makes the offers and takes none: that came later (https://github.com/meetecho/janus-gateway/pull/3199),
 * and `janus-whep-server` counts on it in every 1.x, so it cannot be used. Two offers of one H.264 picture with the same `mid` and
 * payload type differ from offer and answer only in who opens DTLS: here Janus, since a viewer that opens it does so before Janus
 * listens, and then waits a second before it tries again.
 *
 * @param api address of Janus's HTTP API
 */
export async function startJanusWhep(api: string, mountpoint: number): Promise<{ url: string; stop: () => void }> {
  const server = createServer((asked, answer) => {
    text(asked)
      .then((offer) => watch(api, mountpoint, offer))
      .then(
        (sdp) => answer.writeHead(201, { 'Content-Type': 'application/sdp' }).end(sdp),
        (error: unknown) => answer.writeHead(502).end(String(error)),
      )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/whep`,
    stop: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}
