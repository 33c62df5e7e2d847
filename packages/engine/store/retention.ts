import type { AssetFiles, Span } from './asset.ts'

/** What may be kept, over all assets. */
export interface RetentionLimits {
  readonly maxBytes: number
  /** Milliseconds since a span's newest part. */
  readonly maxAgeMs: number
  /** Bytes to leave free on the disk for everything else. */
  readonly minFreeBytes: number
}

export interface RetentionView {
  readonly assets: Iterable<AssetFiles>
  /** Bytes of all assets. */
  readonly usage: number
  /** Bytes free on the disk; `undefined` when that is not known. */
  readonly free: number | undefined
  readonly now: number
  /**
   * A broadcast that runs (or may go on) and writes to this span, or cannot do without it; live playlists list it; an asset
   * that cannot be deleted now.
   */
  isHeld(files: AssetFiles, span: Span | undefined): boolean
  /** How long a broadcast that is not recorded keeps its parts; `undefined` for a recorded one. */
  windowMs(files: AssetFiles): number | undefined
}

/** The next thing to delete: the oldest span of all assets, as long as a limit is exceeded. */
export function chooseVictim(
  limits: RetentionLimits,
  view: RetentionView,
): { readonly files: AssetFiles; readonly span?: Span } | undefined {
  let oldest: { files: AssetFiles; span: Span } | undefined
  for (const files of view.assets) {
    const span = files.spans[0]
    if (view.isHeld(files, span)) continue
    // Nothing is left of it, or deleting it was begun.
    if (files.removed || (span === undefined && files.state !== 'open')) return { files }
    if (span === undefined) continue
    const window = view.windowMs(files)
    if (window !== undefined && view.now - span.newest > window) return { files, span }
    if (oldest === undefined || span.newest < oldest.span.newest) oldest = { files, span }
  }
  if (oldest === undefined) return undefined
  const isTooMuch = view.usage > limits.maxBytes || (view.free !== undefined && view.free < limits.minFreeBytes)
  return isTooMuch || view.now - oldest.span.newest > limits.maxAgeMs ? oldest : undefined
}
