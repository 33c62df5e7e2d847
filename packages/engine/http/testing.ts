import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { connect, type IncomingHttpHeaders } from 'node:http2'
import { connect as connectSocket, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { asResponse, type HttpHandler } from './message.ts'
import { sendProblem } from './problem.ts'
import { createHttpServer, type HttpServer, type HttpServerOptions } from './server.ts'

/** For tests only: servers on free ports and the smallest clients of both versions. */

const read = (name: string) => readFileSync(new URL(`./fixtures/${name}`, import.meta.url))
/** Self-signed for `localhost`, of no worth outside tests. */
export const testTls = { cert: read('localhost.cert.pem'), key: read('localhost.key.pem') }
/** The same for the same name, as one that was renewed. */
export const renewedTls = { cert: read('renewed.cert.pem'), key: read('renewed.key.pem') }

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Starts a server with these handlers; it ends with the test. */
export async function startServer(
  t: TestContext,
  handlers: readonly HttpHandler[],
  more: Partial<HttpServerOptions> = {},
): Promise<{ port: number; server: HttpServer }> {
  const server = createHttpServer({
    handlers,
    fallback: (req, res) =>
      sendProblem(req, asResponse(res), { status: 404, code: 'not-found', detail: 'Nothing here.' }),
    ...more,
  })
  const { port } = await server.listen(0, '127.0.0.1')
  t.after(() => server.close(0))
  return { port, server }
}

/** One HTTP/1.1 request on a connection of its own. */
export function get(
  port: number,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request({ port, path, host: '127.0.0.1', agent: false, ...options }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }))
      res.on('error', reject)
    })
    req.on('error', reject)
    req.end()
  })
}

/** A session for {@link get2}; it ends with the test. */
export function openSession(t: TestContext, port: number) {
  const session = connect(`https://127.0.0.1:${port}`, { ca: testTls.cert })
  session.on('error', () => {})
  t.after(() => session.destroy())
  return session
}

/** One HTTP/2 request. */
export function get2(
  session: ReturnType<typeof openSession>,
  path: string,
  options: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': path, ':method': options.method ?? 'GET', ...options.headers })
    const chunks: Buffer[] = []
    let headers: IncomingHttpHeaders & { ':status'?: number | undefined } = {}
    stream.on('response', (h) => {
      headers = h
    })
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => resolve({ status: headers[':status'] ?? 0, headers, body: Buffer.concat(chunks) }))
    stream.on('error', reject)
    stream.end()
  })
}

/** A bare connection; it ends with the test. */
export async function openSocket(t: TestContext, port: number): Promise<Socket> {
  const socket = connectSocket(port, '127.0.0.1')
  t.after(() => socket.destroy())
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  socket.on('error', () => {})
  return socket
}

/** Resolves when `condition` holds; fails after `ms`. */
export async function until(condition: () => boolean, ms = 20_000): Promise<void> {
  const end = performance.now() + ms
  while (!condition()) {
    if (performance.now() > end) throw new Error('condition did not come true')
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
