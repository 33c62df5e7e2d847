import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillTemplate, scriptJson } from './template.ts'

test('a title cannot leave its element or attribute', () => {
  const page = fillTemplate('<h1>{{title}}</h1><meta content="{{title}}">', { title: `"><script>alert('1')</script>` })
  assert.equal(page.includes('<script'), false)
  assert.equal(page.match(/"/g)?.length, 2)
})

test('text put in is not filled again', () => {
  assert.equal(fillTemplate('{{title}}', { title: '{{head}}', head: { html: '<b>' } }), '{{head}}')
})

test('unknown places stay', () => {
  assert.equal(fillTemplate('{{vue}} {{constructor}} {{ title }}', { title: 'T' }), '{{vue}} {{constructor}} T')
})

test('a replacement pattern in a value is only text', () => {
  assert.equal(fillTemplate('{{title}}', { title: '$1 $$ $`' }), '$1 $$ $`')
})

test('facts in a script element cannot end it', () => {
  const json = scriptJson({ title: '</script><!--&\u2028' })
  assert.doesNotMatch(json, /[<>&\u2028]/)
  assert.deepEqual(JSON.parse(json), { title: '</script><!--&\u2028' })
})
