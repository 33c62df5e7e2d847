import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseStreamId, shortStreamId } from './stream-id.ts'

describe('a stream id', () => {
  const publishing: readonly (readonly [string, string])[] = [
    ['secret-key-1', 'the key alone'],
    ['publish:secret-key-1', 'the form of the documentation'],
    ['publish/secret-key-1', 'with a slash'],
    ['PUBLISH:secret-key-1', 'in capitals'],
    ['input:secret-key-1', 'as another server has it'],
    ['live/secret-key-1', 'as typed for RTMP'],
    ['publish:live/secret-key-1', 'both'],
    ['/secret-key-1/', 'with slashes around it'],
    [' secret-key-1\n', 'pasted with blanks'],
    ['publish%3Asecret-key-1', 'percent-encoded'],
    ['publish:secret%2Dkey%2D1', 'percent-encoded in part'],
    ['?streamid=publish:secret-key-1', 'with the name of the option'],
    ['#!::m=publish,s=secret-key-1', 'access control, key as session'],
    ['#!::m=publish,r=secret-key-1', 'access control, key as resource'],
    ['#!::r=secret-key-1', 'access control, nothing but a resource'],
    ['#!::u=me,r=main,m=publish,s=secret-key-1', 'Haivision, with user and resource'],
    [
      '#!::bmd_uuid=1234-5678,bmd_name=Web Presenter HD,m=publish,r=secret-key-1',
      'Blackmagic, as other servers ask for it',
    ],
    ['#!::bmd_uuid=1234-5678,bmd_name=ATEM Mini Pro,u=secret-key-1', 'Blackmagic'],
    ['#!::u=secret-key-1,bmd_uuid=1234-5678', 'Blackmagic, the other way round'],
    [
      '#!::bmd_uuid=1234-5678,bmd_name=Kamera 1, Halle,u=publish:secret-key-1',
      'Blackmagic, with the form of the documentation',
    ],
    ['#!::bmd_uuid=1234-5678,bmd_name=Web Presenter HD,m=publish,r=publish:secret-key-1', 'both'],
    ['#!::m=publish,s=publish/live/secret-key-1', 'access control around a plain form'],
    ['#!::r=live/secret-key-1,m=publish', 'with a path'],
    ['%23!%3A%3Am%3Dpublish%2Cr%3Dsecret-key-1', 'access control, percent-encoded'],
    ['/#!::m=publish,r=secret-key-1', 'behind a slash'],
  ]
  for (const [streamId, what] of publishing)
    it(`publishes: ${what}`, () => assert.deepEqual(parseStreamId(streamId), { mode: 'publish', name: 'secret-key-1' }))

  for (const streamId of [
    'read:main',
    'read/main',
    'request:main',
    'play:main',
    'output:main',
    'read%3Amain',
    'read:live/main',
    '#!::m=request,r=main',
    '#!::r=main,m=request',
    '#!::m=request,r=/live/main',
    '#!::m=request,r=read:main',
    '#!::r=read:main',
  ])
    it(`reads: ${streamId}`, () => assert.deepEqual(parseStreamId(streamId), { mode: 'read', name: 'main' }))

  it('whatever else comes is a key, if a wrong one', () => {
    for (const streamId of ['', '#!::', '#!::,=,', '%', '%zz', '%e4%f6', 'a'.repeat(512), '#!::m=publish'])
      assert.equal(parseStreamId(streamId).mode, 'publish')
    assert.equal(parseStreamId('').name, '')
    assert.equal(parseStreamId('%e4%f6').name, '%e4%f6')
  })

  it('the name of a user is no key, but of Blackmagic', () => {
    assert.equal(parseStreamId('#!::m=publish,u=secret-key-1').name, '')
    assert.equal(parseStreamId('#!::m=request,bmd_uuid=1234-5678,u=secret-key-1').name, '')
  })

  it('a signed key goes through as it was sent', () => {
    const key = `sk1.${'eyJjIjoibWFpbiJ9'.repeat(20)}.${'A-_'.repeat(14)}`
    assert.equal(parseStreamId(`publish:${key}`).name, key)
    assert.equal(parseStreamId(`#!::m=publish,s=${key}`).name, key)
  })

  it('stands in the log with four characters of its key', () => {
    for (const [streamId] of publishing) {
      const short = shortStreamId(streamId)
      assert.doesNotMatch(short, /secret-?k|ret%2Dkey|key-1/, short)
      assert.ok(short.length <= 100)
    }
    assert.equal(shortStreamId('publish:secret-key-1'), 'publish:secr…')
    assert.equal(shortStreamId('#!::u=me,m=publish,s=secret-key-1'), '#!::u=…,m=publish,s=secr…')
    assert.equal(shortStreamId('abc'), '…')
    assert.equal(shortStreamId('publish:se\u001b[31mcret').includes('\u001b'), false)
    for (const odd of [
      '#!::secret-key-12345',
      '#!::secretkey12345==',
      '#!::m=request,r=main,s=secret-key-1',
      '#!::m=read,secret-key-12345',
      '#!::m=secret-key-12345',
    ])
      assert.doesNotMatch(shortStreamId(odd), /secre|key-1/, odd)
    // A key may stand in a field besides the one that counts.
    assert.doesNotMatch(shortStreamId('#!::r=other-secret,m=publish,s=secret-key-1'), /other-secret/)
  })

  it('stands in the log with four characters of what a reader names: it may be a key', () => {
    for (const form of [
      ...['read:', 'read/', 'request:', 'play/', 'output:', 'READ:', 'read%3A', '?streamid=read:', 'read:live/'],
      ...['#!::m=request,r=', '#!::m=REQUEST,r=live/', '#!::u=me,m=read,r=', '#!::m=play,x=1,r=/'],
    ]) {
      const short = shortStreamId(`${form}secret-key-1`)
      assert.doesNotMatch(short, /secre|key-1/, short)
    }
    assert.equal(shortStreamId('read:secret-key-1'), 'read:secr…')
    assert.equal(shortStreamId('#!::m=request,r=secret-key-1'), '#!::m=request,r=secr…')
    assert.equal(shortStreamId('read:ab\u001b[31mcd').includes('\u001b'), false)
  })
})
