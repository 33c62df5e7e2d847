import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { ReactiveController, ReactiveControllerHost } from 'lit'
import { serverOf } from './address.ts'
import { feedOf } from './feed.ts'

/** Keeps an element listening to a channel for as long as it is in the page. */
export function watchChannel(
  host: ReactiveControllerHost & { readonly isConnected: boolean },
  listener: (channel: Channel) => void,
): { follow(channel: string, server: string): void } {
  let unwatch: (() => void) | undefined
  let slug = ''
  let origin = ''

  function start(): void {
    unwatch?.()
    unwatch = undefined
    if (slug && host.isConnected) {
      unwatch = feedOf({ server: serverOf(origin, location.href), channel: slug }).watch(listener)
    }
  }

  const controller: ReactiveController = {
    hostConnected: start,
    hostDisconnected() {
      unwatch?.()
      unwatch = undefined
    },
  }
  host.addController(controller)
  return {
    follow(channel, server) {
      slug = channel
      origin = server
      start()
    },
  }
}
