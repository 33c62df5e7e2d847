import type Hls from 'hls.js'
import type { HlsConfig, Loader, PlaylistLoaderContext } from 'hls.js'
import { askForNext, type NextPart, nextPart } from './blocking.ts'
import { heldPolicy } from './load-policy.ts'
import { withPlayableSound } from './playable-sound.ts'
import { takePrefetched } from './prefetch.ts'
import { type WantedStart, withStart } from './start.ts'

/** The default loader declares as properties what its class defines as methods. */
interface PlaylistXhr {
  context: Loader<PlaylistLoaderContext>['context']
  readonly stats: Loader<PlaylistLoaderContext>['stats']
  load(...values: Parameters<Loader<PlaylistLoaderContext>['load']>): void
  abort(): void
  destroy(): void
  getCacheAge(): number | null
  getResponseHeader(name: string): string | null
}

/**
 * After so long without a playlist the machine or the page has slept; milliseconds. Shorter than a server keeps the playlists of a
 * broadcast that has ended.
 */
const asleep = 60_000
/** Whether there is anything to be had is asked for so long; milliseconds. */
const askLimit = 1000

/**
 * Loads playlists as hls.js does, but answers from the prefetch where it can, puts the wanted start into the text and leaves one group of
 * sound in it. After a sleep
 * nothing is asked for that has ended meanwhile: the answer would be 404, a red line in the console.
 *
 * @param isLive asks the server whether there is anything to be loaded; never rejects
 */
export function playlistLoader(
  HlsClass: typeof Hls,
  wanted: () => WantedStart,
  isLive: () => Promise<boolean>,
): NonNullable<HlsConfig['pLoader']> {
  const Base = HlsClass.DefaultConfig.loader as unknown as new (config: HlsConfig) => PlaylistXhr
  let started = false
  /** When a playlist was had, by the clock that goes on while the machine sleeps. */
  let heardAt = Date.now()
  /** By the address of a playlist without its query; as many as there are renditions. */
  const nexts = new Map<string, NextPart>()

  class PlaylistLoader extends Base {
    #prefetched: Headers | undefined
    #gone = false

    override load(...[context, config, callbacks]: Parameters<Loader<PlaylistLoaderContext>['load']>): void {
      const [address = ''] = context.url.split('?')
      const onSuccess: typeof callbacks.onSuccess = (response, stats, ctx, network) => {
        heardAt = Date.now()
        if (typeof response.data === 'string') nexts.set(address, nextPart(response.data))
        if ((ctx.type as string) === 'manifest' && typeof response.data === 'string') {
          response.data = withPlayableSound(response.data)
        }
        if (!started && typeof response.data === 'string') {
          if ((ctx.type as string) === 'level') started = true
          response.data = withStart(response.data, wanted())
        }
        callbacks.onSuccess(response, stats, ctx, network)
      }
      const held = context.deliveryDirectives?.msn !== undefined
      const next = nexts.get(address)
      if (held && next) context.url = askForNext(context.url, next)
      const patient = held ? { ...config, loadPolicy: heldPolicy } : config
      const load = () => super.load(context, patient, { ...callbacks, onSuccess })
      const early = takePrefetched(context.url)
      if (!early) {
        if (Date.now() - heardAt < asleep) load()
        else {
          void Promise.race([isLive(), new Promise<true>((resolve) => setTimeout(resolve, askLimit, true))]).then(
            (is) => {
              if (this.#gone) return
              if (is) load()
              else callbacks.onError({ code: 404, text: 'it has ended' }, context, null, this.stats)
            },
          )
        }
        return
      }
      const begun = performance.now()
      void early.then((fetched) => {
        if (this.#gone) return
        if (!fetched) {
          load()
          return
        }
        this.#prefetched = fetched.headers
        this.context = context
        const stats = this.stats
        const now = performance.now()
        stats.loading.start = begun
        stats.loading.first = stats.loading.end = Math.max(now, begun + 0.1)
        stats.loaded = stats.total = fetched.text.length
        onSuccess({ url: fetched.url, data: fetched.text, code: 200 }, stats, context, null)
      })
    }

    override abort(): void {
      this.#gone = true
      if (this.context) super.abort()
    }

    override destroy(): void {
      this.#gone = true
      super.destroy()
    }

    override getCacheAge(): number | null {
      if (!this.#prefetched) return super.getCacheAge()
      const age = this.#prefetched.get('age')
      return age ? Number.parseFloat(age) : null
    }

    override getResponseHeader(name: string): string | null {
      return this.#prefetched ? this.#prefetched.get(name) : super.getResponseHeader(name)
    }
  }
  return PlaylistLoader
}
