import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nodeCrypto } from './node-crypto.ts'

const bytes = (hex: string) => Buffer.from(hex, 'hex')

test('key wrap as in RFC 3394 §4.1, §4.3 and §4.6', () => {
  const kek = '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
  const key = '00112233445566778899aabbccddeeff000102030405060708090a0b0c0d0e0f'
  const vectors = [
    [16, 16, '1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5'],
    [32, 16, '64e8c3f9ce0f5ba263e9777905818a2a93c8191e7d6e8ae7'],
    [32, 32, '28c9f404c4b810f4cbccb35cfb87f8263f5786e2d80ed326cbc7f0e71a99f43bfb988b9b7a02dd21'],
  ] as const
  for (const [kekBytes, keyBytes, wrapped] of vectors) {
    const [by, what] = [bytes(kek).subarray(0, kekBytes), bytes(key).subarray(0, keyBytes)]
    assert.equal(Buffer.from(nodeCrypto.wrapKey(by, what)).toString('hex'), wrapped)
    assert.deepEqual(nodeCrypto.unwrapKey(by, bytes(wrapped)), what)
  }
})

test('a key that was wrapped with another one is none, nor is one that was changed on the way', () => {
  const kek = Buffer.alloc(16, 1)
  const wrapped = Buffer.from(nodeCrypto.wrapKey(kek, Buffer.alloc(16, 2)))
  assert.equal(nodeCrypto.unwrapKey(Buffer.alloc(16, 3), wrapped), undefined)
  wrapped[20] = (wrapped[20] ?? 0) ^ 1
  assert.equal(nodeCrypto.unwrapKey(kek, wrapped), undefined)
})

test('a passphrase is stretched by 2048 rounds of PBKDF2 with HMAC-SHA1, as OpenSSL does it', () => {
  const derived = nodeCrypto.deriveKey('password', Buffer.from('saltsalt'), 16)
  assert.deepEqual(derived, bytes('3e4b1cd26bda1cb7136d1ba5e813720d'))
})

test('counter mode as in NIST SP 800-38A F.5.1 and F.5.5', () => {
  const iv = bytes('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff')
  const plain = bytes('6bc1bee22e409f96e93d7e117393172a')
  const aes128 = bytes('2b7e151628aed2a6abf7158809cf4f3c')
  const aes256 = bytes('603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4')
  assert.deepEqual(nodeCrypto.aesCtr(aes128, iv, plain), bytes('874d6191b620e3261bef6864990db6ce'))
  assert.deepEqual(nodeCrypto.aesCtr(aes256, iv, plain), bytes('601ec313775789a5b7a7f504bbf3d228'))
})
