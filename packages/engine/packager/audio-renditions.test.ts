import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AUDIO_TRACK, FURTHER_SOUNDS, VIDEO_TRACK } from '@bandstand/media/access-unit.ts'
import { audioConfigFromOpusChannels } from '@bandstand/media/codecs/opus/config.ts'
import type { AudioTrackConfig } from '@bandstand/media/track.ts'
import { audioRenditions, renditionGroup, sameCodec } from './audio-renditions.ts'
import { audioConfig, videoConfig } from './fixtures/encoder.ts'

const { first } = FURTHER_SOUNDS

function sounds(...languages: readonly (string | undefined)[]) {
  return languages.map((language, i) => ({
    track: i === 0 ? AUDIO_TRACK : first + i - 1,
    config: { ...audioConfig(), ...(language !== undefined && { language }) } as AudioTrackConfig,
  }))
}

const nameOf = (...languages: readonly (string | undefined)[]) =>
  audioRenditions(sounds(...languages)).map(({ name, language }) => [name, language])

test('a sound is called as its language calls itself, by its number where none is said', () => {
  assert.deepEqual(nameOf('eng', 'ger', 'fre'), [
    ['English', 'en'],
    ['Deutsch', 'de'],
    ['français', 'fr'],
  ])
  assert.deepEqual(nameOf(undefined, undefined, 'deu'), [
    ['Main', undefined],
    ['Track 2', undefined],
    ['Deutsch', 'de'],
  ])
})

test('what is no language, or has no name, is told apart all the same', () => {
  assert.deepEqual(nameOf(undefined, 'qaa', '"\n;', 'xyz'), [
    ['Main', undefined],
    ['Track 2', 'qaa'],
    ['Track 3', undefined],
    ['Track 4', 'xyz'],
  ])
})

test('two of one language have names of their own, and one of them is chosen by itself', () => {
  const all = audioRenditions(sounds('eng', 'eng', 'deu', undefined))
  assert.deepEqual(
    all.map(({ name, isDefault, isAutoselected }) => [name, isDefault, isAutoselected]),
    [
      ['English', true, true],
      ['English 2', false, false],
      ['Deutsch', false, true],
      ['Track 4', false, false],
    ],
  )
})

test('the first track is the first of them, in whatever order they came', () => {
  const all = audioRenditions([{ track: VIDEO_TRACK, config: videoConfig() }, ...sounds('eng', 'deu').toReversed()])
  assert.deepEqual(
    all.map(({ track }) => track),
    [AUDIO_TRACK, first],
  )
})

test('a group has sounds of one codec, for who lacks one of its codecs can play none of it', () => {
  const [own, other] = sounds('eng', 'deu')
  const opus = { track: first + 1, config: audioConfigFromOpusChannels(2, 960) }
  assert.ok(own !== undefined && other !== undefined)
  const group = renditionGroup('audio', sameCodec(audioRenditions([own, other, opus])), (track) => `a${track}/x`)
  assert.deepEqual(group, [
    {
      ...{ type: 'AUDIO', groupId: 'audio', name: 'English', uri: 'a2/x', language: 'en' },
      ...{ default: true, autoselect: true, channels: '2' },
    },
    {
      ...{ type: 'AUDIO', groupId: 'audio', name: 'Deutsch', uri: `a${first}/x`, language: 'de' },
      ...{ default: false, autoselect: true, channels: '2' },
    },
  ])
})
