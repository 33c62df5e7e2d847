import { performance } from 'node:perf_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import type { Audience } from './audience.ts'
import { createRequest, type Get, type Request } from './client.ts'
import { countError } from './figures.ts'
import type { Version } from './playlist-versions.ts'

interface Job {
  readonly uri: string
  readonly request: Request
  readonly duration: number
  readonly end: number | undefined
}

/** One rendition of one viewer: a playlist request and a part request are always under way. */
export async function followRendition(
  audience: Audience,
  path: string,
  main: boolean,
  playlists: Get,
  parts: Get,
): Promise<void> {
  const { figures, versions, origin } = audience
  const queue: Job[] = []
  let last: Version | undefined
  let wake: (() => void) | undefined
  /** Newest part that was asked for. */
  let newest = ''
  /** Hinted parts by URI, with the wall clock when they came. */
  const received = new Map<string, number>()
  const first = createRequest(origin.host, path)
  const known = (etag: string) => versions.knows(path, etag)

  const take = (version: Version) => {
    const { parts: listed } = version
    // Back to what is known, then forth again.
    let from = listed.length
    const joining = last === undefined
    for (let part = listed[from - 1]; part !== undefined && part.uri !== newest; part = listed[from - 1]) {
      if (joining && part.old) break
      from--
    }
    for (let i = Math.max(0, from - 2); i < from; i++) {
      // A part that was hinted at has come before its date was known.
      const part = listed[i]
      const at = part === undefined ? undefined : received.get(part.uri)
      if (part === undefined || at === undefined) continue
      if (part.end !== undefined) figures.delays.push(at - part.end)
      received.delete(part.uri)
    }
    for (let i = from; i < listed.length; i++) {
      const part = listed[i]
      if (part === undefined) break
      queue.push(part)
      newest = part.uri
    }
    last = version
    wake?.()
  }

  const reload = async () => {
    while (audience.on) {
      if (last?.endList === true) return
      try {
        const answer = await playlists(last?.reload ?? first, known)
        if (!audience.on) return
        const version = answer.status === 200 ? versions.read(path, answer) : undefined
        if (version === undefined) {
          countError(figures, `playlist ${answer.status}`)
          await pause(500)
          continue
        }
        figures.playlists++
        take(version)
      } catch (e) {
        if (audience.on) countError(figures, `playlist: ${String(e)}`)
        await pause(500)
      }
    }
  }

  const load = async () => {
    let started = 0
    let buffered = 0
    while (audience.on) {
      let job = queue.shift()
      if (job === undefined && last?.hint !== undefined && last.hint.uri !== newest) {
        newest = last.hint.uri
        job = { ...last.hint, duration: last.partTarget, end: undefined }
      }
      if (job === undefined) {
        if (last?.endList === true) return
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        wake = undefined
        continue
      }
      try {
        const answer = await parts(job.request)
        if (!audience.on) return
        const now = performance.now()
        if (answer.status !== 200) countError(figures, `part ${answer.status}`)
        figures.parts++
        const before = figures.firsts.get(job.request.path)
        if (before === undefined) figures.firsts.set(job.request.path, { at: now, size: answer.size })
        else {
          figures.spreads.push(now - before.at)
          if (before.size !== answer.size) countError(figures, 'part of another size')
        }
        if (job.end !== undefined) figures.delays.push(Date.now() - job.end)
        else if (received.size < 20) received.set(job.uri, Date.now())
        if (!main) continue
        // Plays once the hold-back is there; a stall begins where the buffer is empty.
        if (started === 0 && buffered * 1000 >= (last?.holdBack ?? 1) * 1000) started = now
        else if (started > 0 && now - started > buffered * 1000) {
          figures.stalls++
          started = now - buffered * 1000 + 1000
        }
        buffered += job.duration
      } catch (e) {
        if (audience.on) countError(figures, `part: ${String(e)}`)
        await pause(100)
      }
    }
  }
  const loading = load()
  await reload()
  wake?.()
  await loading
}
