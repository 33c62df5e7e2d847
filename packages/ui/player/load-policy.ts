import type { LoaderConfiguration } from 'hls.js'

/** Longer than the server holds a blocked playlist or a hinted part (three target durations of 4 s); milliseconds. */
const heldAnswer = 15_000
const retries = { maxNumRetry: 4, retryDelayMs: 300, maxRetryDelayMs: 600, backoff: 'linear' } as const
const timeoutRetries = { maxNumRetry: 2, retryDelayMs: 0, maxRetryDelayMs: 0 } as const
/** For playlists and media: hls.js tries them again some times before it gives up. */
export const loadPolicy = {
  default: {
    maxTimeToFirstByteMs: heldAnswer,
    maxLoadTimeMs: 20_000,
    timeoutRetry: timeoutRetries,
    errorRetry: retries,
  },
} as const

/**
 * Playlist requests that the server holds until there is something new. hls.js gives up on them after 0.8 target durations
 * and then polls every 2 s; here they are held on for as long as the encoder is away (503 is the server's "ask again").
 */
export const heldPolicy = {
  maxTimeToFirstByteMs: heldAnswer,
  maxLoadTimeMs: 20_000,
  timeoutRetry: null,
  errorRetry: {
    maxNumRetry: 1000,
    retryDelayMs: 200,
    maxRetryDelayMs: 200,
    backoff: 'linear',
    shouldRetry: (_config: unknown, _count: number, isTimeout: boolean, response?: { code?: number }) =>
      !isTimeout && response?.code === 503,
  },
} as const satisfies LoaderConfiguration['loadPolicy']
