/** Media Source Extensions are there, the managed kind of iPhones (iOS 17.1 on) included. */
export function hasMediaSource(): boolean {
  const { MediaSource, ManagedMediaSource } = globalThis as typeof globalThis & { ManagedMediaSource?: unknown }
  return MediaSource !== undefined || ManagedMediaSource !== undefined
}
