/** Media Source Extensions, the managed kind of iPhones (iOS 17.1 on) included; `undefined` where there are none. */
export function mediaSource(): typeof MediaSource | undefined {
  const { MediaSource, ManagedMediaSource } = globalThis as typeof globalThis & {
    ManagedMediaSource?: typeof globalThis.MediaSource
  }
  return MediaSource ?? ManagedMediaSource
}
