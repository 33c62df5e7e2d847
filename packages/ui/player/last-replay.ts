import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { Replay } from '@bandstand/contract/api/replay.ts'
import type { Place } from '../channel/address.ts'
import { watchReplays } from '../channel/replays.ts'

/** The newest past broadcast of a channel; asked for while there is no picture, and only then. */
export interface LastReplay {
  readonly replay: Replay | undefined
  /** @param dark no picture is shown */
  update(place: Place, facts: Pick<Channel, 'live' | 'assetId'>, dark: boolean): void
  /** For another channel, or for good. */
  forget(): void
}

export function createLastReplay(onChange: () => void): LastReplay {
  let replay: Replay | undefined
  /** The broadcast that was live last. */
  let running: string | undefined
  let unwatch: (() => void) | undefined

  function stop(): void {
    unwatch?.()
    unwatch = undefined
  }

  return {
    get replay() {
      return replay
    },
    update(place, { live, assetId }, dark) {
      if (live) running = assetId ?? undefined
      if (live || !dark) return stop()
      unwatch ??= watchReplays(
        place,
        ({ replays }) => {
          replay = replays[0]
          onChange()
        },
        running,
      )
    },
    forget() {
      stop()
      replay = undefined
      running = undefined
    },
  }
}
