import assert from 'node:assert/strict'
import { test } from 'node:test'
import { againText, automaticName, failureText } from './words.ts'

test('what fails is said in a sentence, in the server’s words where the player has none', () => {
  assert.match(failureText({ code: 'slow' }), /UDP/)
  assert.equal(failureText({ code: 'limit', text: 'too many viewers in real time' }), 'Too many viewers in real time.')
  assert.equal(failureText({ code: 'http-500' }), 'It does not work just now.')
})

test('when it is tried again is said in seconds, then in minutes', () => {
  assert.deepEqual([0.2, 12.4, 290].map(againText), [
    'Trying again.',
    'Tried again in 12 s.',
    'Tried again in 5 minutes.',
  ])
})

test('the automatic choice names what the owner has set', () => {
  assert.equal(automaticName('real-time'), 'Automatic (real time)')
  assert.equal(automaticName('normal'), 'Automatic (normal)')
})
