import type { AccessUnit, TrackId } from '@bandstand/media/access-unit.ts'
import type { TrackConfig } from '@bandstand/media/track.ts'
import type { AnnouncedTracks, Log, Publisher, PublishPort, PublishRefusal, PublishRequest } from '../../../ports.ts'

/** A publisher that remembers what it was told. */
export class FakePublisher implements Publisher {
  readonly channel = 'main'
  readonly configs: { readonly track: TrackId; readonly config: TrackConfig }[] = []
  /** What was said beside each of `configs`. */
  readonly bitrates: (number | undefined)[] = []
  readonly units: AccessUnit[] = []
  readonly announced: AnnouncedTracks[] = []
  facts: Record<string, string | number | boolean> = {}
  readonly ends: string[] = []
  isUrgent = false

  announce(expected: AnnouncedTracks): void {
    this.announced.push(expected)
  }
  configure(track: TrackId, config: TrackConfig, bitrate?: number): void {
    this.configs.push({ track, config })
    this.bitrates.push(bitrate)
  }
  unit(unit: AccessUnit): void {
    this.units.push(unit)
  }
  describe(facts: Readonly<Record<string, string | number | boolean>>): void {
    Object.assign(this.facts, facts)
  }
  end(how: 'unpublished' | 'disconnected'): void {
    this.ends.push(how)
  }

  of(track: TrackId): AccessUnit[] {
    return this.units.filter((unit) => unit.track === track)
  }
}

/** Knows one key, `good-key`; others are refused as wrong. */
export class FakePort implements PublishPort {
  readonly requests: PublishRequest[] = []
  readonly publishers: FakePublisher[] = []
  /** What `publish` throws, when set. */
  failure: Error | undefined
  readonly stops: ((why: PublishRefusal) => void)[] = []

  async publish(
    request: PublishRequest,
    stop: (why: PublishRefusal) => void,
  ): Promise<{ readonly publisher: Publisher } | { readonly refusal: PublishRefusal }> {
    this.requests.push(request)
    await Promise.resolve()
    if (this.failure !== undefined) throw this.failure
    if (!request.key.startsWith('good-key')) {
      return { refusal: { code: 'wrong-key', reason: 'This stream key is not known here: copy it from the studio.' } }
    }
    const publisher = new FakePublisher()
    this.publishers.push(publisher)
    this.stops.push(stop)
    return { publisher }
  }
}

/** Keeps its lines, level first. */
export class FakeLog implements Log {
  readonly lines: string[] = []
  debug(): void {}
  info(fields: object, message: string): void {
    this.lines.push(`info ${message} ${JSON.stringify(fields)}`)
  }
  warn(fields: object, message: string): void {
    this.lines.push(`warn ${message} ${JSON.stringify(fields)}`)
  }
  error(fields: object, message: string): void {
    this.lines.push(`error ${message} ${JSON.stringify(fields)}`)
  }
}

/** Resolves once `condition` holds, looked at every 10 ms; fails the test after `limit` ms. */
export async function until(condition: () => boolean, what: string, limit = 20_000): Promise<void> {
  const end = performance.now() + limit
  while (!condition()) {
    if (performance.now() > end) throw new Error(`not within ${limit} ms: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
