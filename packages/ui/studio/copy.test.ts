import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { copyField } from './copy.ts'

/** A field of dots in a page, and what came into the clipboard. */
function page(
  t: TestContext,
  { clipboard, execCommand }: { clipboard?: 'works' | 'refused'; execCommand?: 'works' | 'refused' | 'throws' },
) {
  const copied: string[] = []
  let focused = false
  let selected = false
  const field = {
    value: 'k3y',
    type: 'password',
    focus: () => (focused = true),
    select: () => (selected = focused),
  }
  const writeText = async (text: string) => {
    if (clipboard === 'refused') throw new DOMException('refused', 'NotAllowedError')
    copied.push(text)
  }
  const globals = {
    // As over plain http, where there is no such property.
    navigator: clipboard === undefined ? {} : { clipboard: { writeText } },
    document: {
      execCommand() {
        if (execCommand === 'throws') throw new DOMException('not here', 'InvalidStateError')
        if (execCommand !== 'works') return false
        // As browsers do: the selection, of text that can be read.
        if (selected && field.type === 'text') copied.push(field.value)
        return selected
      },
    },
  }
  for (const [name, value] of Object.entries(globals)) {
    const before = Object.getOwnPropertyDescriptor(globalThis, name)
    Object.defineProperty(globalThis, name, { value, configurable: true })
    t.after(() => {
      Reflect.deleteProperty(globalThis, name)
      if (before !== undefined) Object.defineProperty(globalThis, name, before)
    })
  }
  return { copied, field, copy: () => copyField(field as unknown as HTMLInputElement), isFocused: () => focused }
}

test('what the field holds is in the clipboard, and the focus stays where it was', async (t) => {
  const { copied, copy, isFocused } = page(t, { clipboard: 'works' })
  assert.equal(await copy(), true)
  assert.deepEqual([copied, isFocused()], [['k3y'], false])
})

for (const clipboard of [undefined, 'refused'] as const) {
  test(`the old way is taken where the clipboard interface is ${clipboard ?? 'missing'}; dots stay dots`, async (t) => {
    const { copied, field, copy } = page(t, { ...(clipboard && { clipboard }), execCommand: 'works' })
    assert.equal(await copy(), true)
    assert.deepEqual([copied, field.type], [['k3y'], 'password'])
  })
}

for (const execCommand of ['refused', 'throws'] as const) {
  test(`it is told when the browser lets neither way through (${execCommand})`, async (t) => {
    const { copied, field, copy } = page(t, { execCommand })
    assert.equal(await copy(), false)
    assert.deepEqual([copied, field.type], [[], 'password'])
  })
}
