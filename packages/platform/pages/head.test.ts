import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printHead } from './head.ts'

const count = (text: string, pattern: RegExp) => text.match(new RegExp(pattern, 'g'))?.length ?? 0

test('a page has one title and one icon, its own where it has them', () => {
  const plain = printHead({ title: 'Stage' }, '<head>{{head}}</head>')
  assert.deepEqual([count(plain, /<title>/), count(plain, /rel="icon"/)], [1, 1])
  for (const title of ['<title>Mine</title>', '<TITLE lang=en>{{title}}</TITLE>']) {
    const head = printHead({ title: 'Stage' }, title)
    assert.deepEqual([count(head, /<title/i), count(head, /rel="icon"/), count(head, /og:title/)], [0, 1, 1], title)
  }
  for (const icon of [
    '<link rel="icon" href="a.png">',
    '<link href=a rel=icon>',
    '<LINK REL="shortcut icon" href=a>',
  ]) {
    assert.equal(count(printHead({ title: 'Stage' }, icon), /rel="icon"/), 0, icon)
  }
  // What only begins like a title, and an icon for the home screen of a telephone, are neither.
  const others = '<link rel="apple-touch-icon" href="a.png"><titlebar></titlebar>'
  const head = printHead({ title: 'Stage' }, others)
  assert.deepEqual([count(head, /<title>/), count(head, /rel="icon"/)], [1, 1])
})

test('what is printed is escaped', () => {
  const head = printHead({ title: '</title><script>', description: '"><b>', canonical: 'http://a/?"' }, '')
  assert.doesNotMatch(head, /<script>|<b>|\?"">/)
})
