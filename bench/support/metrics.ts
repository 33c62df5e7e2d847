/** All samples of a Prometheus page: `name{labels}` → value. */
export async function readMetrics(http: string): Promise<Map<string, number>> {
  const answer = await fetch(`${http}/metrics`)
  if (!answer.ok) throw new Error(`/metrics answers ${answer.status}`)
  const lines = (await answer.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const gap = line.lastIndexOf(' ')
      return [line.slice(0, gap), Number(line.slice(gap + 1))]
    }),
  )
}

/** The process's memory as its own metrics give it, in bytes. */
export async function readMemory(http: string): Promise<{ heap: number; external: number; rss: number }> {
  const metrics = await readMetrics(http)
  return {
    heap: metrics.get('nodejs_heap_size_used_bytes') ?? Number.NaN,
    external: metrics.get('nodejs_external_memory_bytes') ?? Number.NaN,
    rss: metrics.get('process_resident_memory_bytes') ?? Number.NaN,
  }
}

/** Event-loop delay in ms, since the last time it was asked: `p99` and `max`. */
export async function readLoopDelay(http: string): Promise<{ p99: number; max: number }> {
  const metrics = await readMetrics(http)
  return {
    p99: (metrics.get('bandstand_event_loop_delay_p99_seconds') ?? Number.NaN) * 1000,
    max: (metrics.get('bandstand_event_loop_delay_max_seconds') ?? Number.NaN) * 1000,
  }
}
