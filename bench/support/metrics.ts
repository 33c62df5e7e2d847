import { get as getPlain } from 'node:http'
import { get as getSecure } from 'node:https'

/** Text of a page; the certificate of a server that a bench started is believed. */
function readPage(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const get = url.startsWith('https:') ? getSecure : getPlain
    get(url, { rejectUnauthorized: false, agent: false }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (text += chunk))
      answer.on('end', () =>
        answer.statusCode === 200 ? resolve(text) : reject(new Error(`${url} answers ${answer.statusCode}`)),
      )
      answer.on('error', reject)
    }).on('error', reject)
  })
}

/** The samples of a server's figures. */
export async function readMetrics(http: string): Promise<Map<string, number>> {
  return readSamples(await readPage(`${http}/metrics`))
}

/** All samples of a Prometheus page: `name{labels}` → value. */
export function readSamples(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const gap = line.lastIndexOf(' ')
      return [line.slice(0, gap), Number(line.slice(gap + 1))]
    }),
  )
}

export interface ProcessFigures {
  /** Bytes. */
  readonly memory: { readonly heap: number; readonly external: number; readonly rss: number }
  /** Event-loop delay in ms since the last time anybody asked: asking begins a new window, so one question gets all. */
  readonly loopDelay: { readonly p99: number; readonly max: number }
}

/** What the server says of its own process. */
export async function readProcess(http: string): Promise<ProcessFigures> {
  const metrics = await readMetrics(http)
  const figure = (name: string) => {
    const value = metrics.get(name)
    if (value === undefined) throw new Error(`/metrics has no ${name}`)
    return value
  }
  return {
    memory: {
      heap: figure('nodejs_heap_size_used_bytes'),
      external: figure('nodejs_external_memory_bytes'),
      rss: figure('process_resident_memory_bytes'),
    },
    loopDelay: {
      p99: figure('bandstand_event_loop_delay_p99_seconds') * 1000,
      max: figure('bandstand_event_loop_delay_max_seconds') * 1000,
    },
  }
}
