import { PASSPHRASE_LEAST, SRT_LIMITS } from '@bandstand/media/protocols/srt/limits.ts'
import { z } from 'zod'

const bytes = (text: string) => Buffer.byteLength(text)

/** What libsrt, and so every encoder, takes as a passphrase. No blanks are taken off: they count. */
export const srtPassphrase = z
  .string()
  .refine(
    (text) => bytes(text) >= PASSPHRASE_LEAST && bytes(text) <= SRT_LIMITS.passphraseBytes,
    `takes ${PASSPHRASE_LEAST} to ${SRT_LIMITS.passphraseBytes} characters, for encoders take no others`,
  )
