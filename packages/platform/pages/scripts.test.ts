import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scriptsOf } from './scripts.ts'

const manifest = {
  'entries/viewer.ts': { file: 'assets/viewer-1.js', imports: ['_player.js'] },
  'entries/embed.ts': { file: 'assets/embed-1.js', imports: ['_player.js'] },
  'entries/chat.ts': { file: 'assets/chat-1.js', imports: ['_lit.js'] },
  'entries/studio.ts': { file: 'assets/studio-1.js' },
  'entries/elements.ts': { file: 'assets/elements-1.js' },
  '_player.js': { file: 'assets/player-1.js', imports: ['_lit.js'] },
  '_lit.js': { file: 'assets/lit-1.js', imports: ['_player.js'] },
  'player/hls-engine.ts': { file: 'assets/hls-engine-1.js', imports: ['_lit.js'] },
  '../../node_modules/hls.js/dist/hls.mjs': { file: 'assets/hls-1.js' },
}

test('everything an entry imports, however deep, is fetched with the page', () => {
  assert.deepEqual(scriptsOf(manifest).viewer.preload, ['/assets/player-1.js', '/assets/lit-1.js'])
})

test('the engine is listed without what the page has already', () => {
  assert.deepEqual(scriptsOf(manifest).viewer.engine, ['/assets/hls-engine-1.js', '/assets/hls-1.js'])
})
