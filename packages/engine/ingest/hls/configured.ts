import { shownUrl } from './url/reload.ts'

/** A folder, playlist or address that a channel is fed from, as configured. */
export interface ConfiguredSource {
  /** Slug of the channel. */
  readonly channel: string
  /** `http://…`, `https://…`, or a path. */
  readonly from: string
}

/** Whether a source is an address; else it is a path. */
export function isAddress(from: string): boolean {
  return /^https?:\/\//i.test(from)
}

/** What may be said of a source in logs and in the studio. */
export function shownSource(from: string): string {
  return isAddress(from) ? shownUrl(from) : from
}
