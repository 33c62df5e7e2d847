import type { SrtCrypto } from './crypto.ts'
import { writeU32 } from './packet/header.ts'
import { CIPHER, KEY, type KeyMaterial, parseKeyMaterial, writeKeyMaterial } from './packet/key-material.ts'

/** Of the salt, those bytes that the passphrase is stretched with (§6.1.4: its least significant 64 bits). */
const KEK_SALT_BYTES = 8

/** The keys of one connection (§6.1), both directions: the even and the odd one. */
export interface SrtKeys {
  /** Bytes of a key. */
  readonly length: number
  /** @param which of `KEY`. @returns `undefined` where there is no such key */
  decrypt(which: number, sequence: number, data: Uint8Array): Uint8Array | undefined
  /** With the key in use. */
  encrypt(sequence: number, data: Uint8Array): Uint8Array
  /** The key that is encrypted with, of `KEY`. */
  readonly inUse: number
  /**
   * Takes the peer's next key. @returns false where it was not made with this passphrase.
   * @throws MediaError as `parseKeyMaterial`
   */
  take(bytes: Uint8Array): boolean
  /** Makes the next key of our own, the odd one after the even one. @returns key material for the peer */
  prepare(): Uint8Array
  /** Goes on with the key that was prepared. */
  change(): void
}

/** Of a caller's key material. @returns `undefined` for another passphrase. @throws MediaError as `parseKeyMaterial` */
export function keysFromPeer(crypto: SrtCrypto, passphrase: string, bytes: Uint8Array): SrtKeys | undefined {
  const material = parseKeyMaterial(bytes)
  const keys = new Keys(crypto, passphrase, material.salt, material.keyLength)
  return keys.take(bytes) ? keys : undefined
}

/** A caller's own. @param length of a key: 16, 24 or 32 bytes */
export function createKeys(
  crypto: SrtCrypto,
  passphrase: string,
  length: number,
): { keys: SrtKeys; material: Uint8Array } {
  const keys = new Keys(crypto, passphrase, crypto.randomBytes(16), length)
  const material = keys.prepare()
  keys.change()
  return { keys, material }
}

/** Whether a peer's cipher is spoken here. */
export function isKnownCipher({ cipher }: KeyMaterial): boolean {
  return cipher === CIPHER.aesCtr
}

class Keys implements SrtKeys {
  readonly length: number
  readonly #crypto: SrtCrypto
  readonly #passphrase: string
  #salt: Uint8Array
  #kek: Uint8Array
  readonly #keys = new Map<number, { readonly key: Uint8Array; readonly salt: Uint8Array }>()
  #inUse = 0
  readonly #iv = new Uint8Array(16)

  constructor(crypto: SrtCrypto, passphrase: string, salt: Uint8Array, length: number) {
    this.#crypto = crypto
    this.#passphrase = passphrase
    this.#salt = salt
    this.length = length
    this.#kek = this.#derive(salt)
  }

  get inUse(): number {
    return this.#inUse
  }

  decrypt(which: number, sequence: number, data: Uint8Array): Uint8Array | undefined {
    const found = this.#keys.get(which)
    return found && this.#crypto.aesCtr(found.key, this.#counter(found.salt, sequence), data)
  }

  encrypt(sequence: number, data: Uint8Array): Uint8Array {
    const { key, salt } = this.#keys.get(this.#inUse) as { key: Uint8Array; salt: Uint8Array }
    return this.#crypto.aesCtr(key, this.#counter(salt, sequence), data)
  }

  take(bytes: Uint8Array): boolean {
    const material = parseKeyMaterial(bytes)
    if (!isKnownCipher(material) || material.keyLength !== this.length) return false
    const isSame = material.salt.every((byte, i) => byte === this.#salt[i])
    const kek = isSame ? this.#kek : this.#derive(material.salt)
    const plain = this.#crypto.unwrapKey(kek, material.wrapped)
    if (plain === undefined || plain.byteLength < this.length) return false
    this.#salt = material.salt
    this.#kek = kek
    const first = (material.keys & KEY.even) === 0 ? KEY.odd : KEY.even
    const { salt } = material
    this.#keys.set(first, { key: plain.slice(0, this.length), salt })
    if (material.keys === 3) this.#keys.set(KEY.odd, { key: plain.slice(this.length), salt })
    // A listener sends with what the caller has made, until it makes its own.
    if (this.#inUse === 0) this.#inUse = first
    return true
  }

  prepare(): Uint8Array {
    const next = this.#next
    const key = this.#crypto.randomBytes(this.length)
    this.#keys.set(next, { key, salt: this.#salt })
    const wrapped = this.#crypto.wrapKey(this.#kek, key)
    return writeKeyMaterial({ keys: next, cipher: CIPHER.aesCtr, salt: this.#salt, keyLength: this.length, wrapped })
  }

  change(): void {
    this.#inUse = this.#next
  }

  get #next(): number {
    return this.#inUse === KEY.even ? KEY.odd : KEY.even
  }

  #derive(salt: Uint8Array): Uint8Array {
    return this.#crypto.deriveKey(this.#passphrase, salt.subarray(salt.byteLength - KEK_SALT_BYTES), this.length)
  }

  /** The salt's first 112 bits, and the packet's number over their end; the counter of blocks begins with 0 (§6.2.2). */
  #counter(salt: Uint8Array, sequence: number): Uint8Array {
    const iv = this.#iv
    iv.fill(0)
    writeU32(iv, 10, sequence)
    for (let i = 0; i < 14; i++) iv[i] = (iv[i] as number) ^ (salt[i] as number)
    return iv
  }
}
