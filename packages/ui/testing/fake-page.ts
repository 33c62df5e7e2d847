import type { TestContext } from 'node:test'
import { CLOSE_BANNED } from '@bandstand/contract/chat/close.ts'

/** What the page's code finds in a browser, with a clock that tests turn. */
export interface FakePage {
  /** Milliseconds since the page was opened. */
  readonly now: number
  /** The server can be reached; while it cannot, requests fail and sockets close unopened. */
  up: boolean
  /** It takes sockets, when it can be reached. */
  takesSockets: boolean
  /** Who says hello is banned. */
  bans: boolean
  /** What the server answers to a request, `hang` for one that never gets an answer. */
  answer: (url: string, headers: Readonly<Record<string, string>>) => Response | 'hang'
  /** Times of requests. */
  readonly requests: readonly { readonly url: string; readonly at: number }[]
  /** Every socket that was made, oldest first. */
  readonly sockets: readonly FakeSocket[]
  /** Events of the window and the document. */
  fire(type: string): void
  /** Lets time pass. @param ms */
  pass(ms: number): Promise<void>
}

/** Longer than what a fake answer takes, shorter than any delay of the page's; milliseconds. */
const stepBy = 50

export class FakeSocket extends EventTarget {
  static readonly OPEN = 1
  readyState = 0
  readonly sent: { readonly type: string }[] = []
  /** Answers pings, as a server does. */
  alive = true

  send(text: string): void {
    const message = JSON.parse(text) as { type: string }
    this.sent.push(message)
    if (!this.alive) return
    if (message.type === 'hello') this.receive({ type: 'welcome', you: null, history: [], settings: { enabled: true } })
    if (message.type === 'ping') this.receive({ type: 'pong' })
  }

  receive(message: object): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(message) }))
  }

  open(): void {
    this.readyState = FakeSocket.OPEN
    this.dispatchEvent(new Event('open'))
  }

  /** Closed by the other side, or by the network. */
  end(code = 1006): void {
    this.readyState = 3
    this.dispatchEvent(Object.assign(new Event('close'), { code }))
  }

  /** As in a browser, the `close` event of a connection that is dead comes much later. */
  close(): void {
    this.readyState = 2
  }
}

/**
 * Puts a page into this process, in place of that of the test before. Modules that keep something for the page are shared by
 * all tests of a file: a channel of its own for each.
 */
export function fakePage(t: TestContext): FakePage {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 })
  const begun = Date.now()
  t.mock.method(performance, 'now', () => Date.now() - begun)
  t.mock.method(AbortSignal, 'timeout', (ms: number) => {
    const controller = new AbortController()
    setTimeout(() => controller.abort(), ms)
    return controller.signal
  })
  const page = new EventTarget()
  const requests: { url: string; at: number }[] = []
  const sockets: FakeSocket[] = []
  const fake: FakePage = {
    get now() {
      return performance.now()
    },
    up: true,
    takesSockets: true,
    bans: false,
    answer: () => new Response('{}', { status: 404 }),
    requests,
    sockets,
    fire: (type) => page.dispatchEvent(new Event(type)),
    async pass(ms) {
      for (let left = ms; left > 0; left -= stepBy) {
        t.mock.timers.tick(Math.min(stepBy, left))
        // Answers of fetch, of the engine and what follows from them.
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }

  class PageSocket extends FakeSocket {
    override send(text: string): void {
      const isHello = (JSON.parse(text) as { type: string }).type === 'hello'
      if (fake.bans && isHello) setTimeout(() => this.end(CLOSE_BANNED), 5)
      else super.send(text)
    }
    constructor() {
      super()
      sockets.push(this)
      setTimeout(() => (fake.up && fake.takesSockets ? this.open() : this.end()), 5)
    }
  }
  const globals = {
    addEventListener: page.addEventListener.bind(page),
    removeEventListener: page.removeEventListener.bind(page),
    location: { origin: 'http://server', href: 'http://server/' },
    document: {
      getElementById: () => null,
      visibilityState: 'visible',
      addEventListener: page.addEventListener.bind(page),
    },
    WebSocket: PageSocket,
    MediaSource: EventTarget,
    fetch: (url: string, { signal, headers = {} }: { signal?: AbortSignal; headers?: Record<string, string> } = {}) =>
      new Promise<Response>((resolve, reject) => {
        requests.push({ url, at: fake.now })
        const answer = fake.up ? fake.answer(url, headers) : undefined
        if (answer === undefined) reject(new TypeError('refused'))
        else if (answer !== 'hang') resolve(answer)
        else signal?.addEventListener('abort', () => reject(new TypeError('aborted')))
      }),
  }
  for (const [name, value] of Object.entries(globals))
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
  return fake
}
