import assert from 'node:assert/strict'
import { test } from 'node:test'
import { keepsToScripts } from './scripts.ts'

test('names as people write them keep to their scripts', () => {
  const names = [
    'Ada',
    'Jürgen Müller-Lüdenscheid',
    'Łukasz',
    'Nguyễn Thị Minh Khai',
    'Ольга',
    'Ελένη',
    'محمد',
    'नेहा',
    'สมชาย',
    '李小龍',
    'ひろし',
    'カタカナー',
    '東京タワーTokyo',
    '김철수 DJ',
    'DJ Вася',
    'Ada 💻 2',
    'ᎣᏏᏲ',
    '',
  ]
  for (const name of names) assert.equal(keepsToScripts(name), true, name)
})

test('a word of letters from here and there does not', () => {
  for (const name of ['Owиer', 'аdmin', 'Оwner', 'αdmin', 'Ada аdmin', 'Мaria', 'ꓳwner', 'ひрока']) {
    assert.equal(keepsToScripts(name), false, name)
  }
})
