import { fromHex } from './hex.ts'

/** Induction of ffmpeg 5.1 (libsrt 1.5.1), a caller. */
export const induction = fromHex(`
  80000000  | control, type 0: handshake
  00000000  | nothing of the type's own
  00000187  | timestamp: 391 us
  00000000  | for no socket yet
  00000004  | version 4
  0000 0002 | no encryption; UDT_DGRAM
  11591dcf  | initial sequence number
  000005dc  | MTU 1500
  00002000  | flow window 8192
  00000001  | induction
  3f43527d  | the caller's socket
  00000000  | no cookie yet
  0100007f000000000000000000000000 | 127.0.0.1, the four bytes reversed`)

/** Its conclusion: AES-256 with the passphrase `correct horse battery`, a stream id, 200 ms. */
export const conclusion = fromHex(`
  80000000  | control, type 0: handshake
  00000000
  00001b24  | timestamp: 6948 us
  00000000  | for no socket yet
  00000005  | version 5
  0004 0007 | keys of 4 × 8 bytes; HSREQ, KMREQ and CONFIG follow
  11591dcf  | initial sequence number
  000005dc  | MTU 1500
  00002000  | flow window 8192
  ffffffff  | conclusion
  3f43527d  | the caller's socket
  42b7b818  | the cookie it was given
  0100007f000000000000000000000000
  0001 0003 | HSREQ, three words
  00010501  | SRT 1.5.1
  000000bf  | TSBPD both ways, encryption, TLPKTDROP, periodic NAK, REXMIT, filter
  00c8 00c8 | 200 ms both ways
  0005 0004 | stream id, four words
  6c627570 3a687369 656d6f73 79656b2d | "publ" "ish:" "some" "-key", each reversed
  0003 0012 | KMREQ, 18 words
  12 2029 01 | version 1, type 2; "HAI"; even key
  00000000  | no key index
  02 00 02 00 | AES-CTR; no authentication; MPEG-TS/SRT
  0000 04 08 | salt of 4 words, keys of 8
  7543d6c33dd24ac0df633a282b285492 | salt
  57a0133265e1b9fa | ICV
  48fc61d48db92c1b968b93553c3c6170caa0d7a6d9eb1233759c0791d98ea51b | the key, wrapped`)
