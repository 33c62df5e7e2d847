import { type ConfiguredSource, isAddress, shownSource } from './configured.ts'
import { watchFolder } from './folder/source.ts'
import type { HlsSource, PublishSource, SourceOptions } from './source.ts'
import { pullUrl } from './url/source.ts'

export interface HlsSourcesOptions extends Pick<SourceOptions, 'log' | 'refusals' | 'now' | 'maxBitrate'> {
  readonly sources: readonly ConfiguredSource[]
  /** Gives a source its channel, by slug, as long as no encoder has it. */
  readonly publish: (channel: string, ...args: Parameters<PublishSource>) => ReturnType<PublishSource>
}

/** Watches all that is configured. */
export function startHlsSources({ sources, publish, log, refusals, now, maxBitrate }: HlsSourcesOptions): HlsSource {
  const started = sources.map(({ channel, from }) => {
    const source = shownSource(from)
    const options: SourceOptions = {
      publish: (request, stop) => publish(channel, request, stop),
      request: { remote: isAddress(from) ? new URL(from).hostname : 'this machine', encoder: source.slice(0, 100) },
      fields: () => ({ channel, source }),
      ...{ log, refusals, now, maxBitrate },
    }
    log.info({ channel, source }, 'hls: source watched')
    return isAddress(from) ? pullUrl({ ...options, url: from }) : watchFolder({ ...options, path: from })
  })
  return {
    async close() {
      await Promise.all(started.map((source) => source.close()))
    },
  }
}
