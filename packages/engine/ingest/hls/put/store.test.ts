import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HLS_LIMITS } from '../limits.ts'
import { createPutBudget, createPutStore, type Incoming, type PutStore } from './store.ts'

function begin(store: PutStore, name: string): Incoming {
  const incoming = store.begin(name)
  assert.ok(typeof incoming !== 'string')
  return incoming
}

function put(store: PutStore, name: string, ...chunks: readonly Uint8Array[]): void {
  const incoming = begin(store, name)
  for (const chunk of chunks) assert.equal(incoming.write(chunk), undefined)
  incoming.end()
}

test('a file is there when it is whole, and what was there before is gone when it begins', () => {
  const budget = createPutBudget()
  const store = createPutStore(budget)
  put(store, 'a', Uint8Array.of(1), Uint8Array.of(2))
  assert.deepEqual([...(store.get('a')?.bytes ?? [])], [1, 2])
  const again = begin(store, 'a')
  again.write(Uint8Array.of(3))
  assert.equal(store.get('a'), undefined)
  assert.equal(store.isComing('a'), true)
  again.abort()
  assert.equal(store.isComing('a'), false)
  assert.equal(budget.used, 0)
})

test('of two of one name at the same time the one counts that began later', () => {
  const store = createPutStore(createPutBudget())
  const [first, second] = [begin(store, 'a'), begin(store, 'a')]
  second.write(Uint8Array.of(2))
  second.end()
  first.write(Uint8Array.of(1))
  first.end()
  assert.deepEqual([...(store.get('a')?.bytes ?? [])], [2])
})

test('a file that is too large is given up before it is kept', () => {
  const budget = createPutBudget()
  const incoming = begin(createPutStore(budget), 'a')
  const chunk = new Uint8Array(HLS_LIMITS.fileBytes / 4)
  for (let i = 0; i < 4; i++) assert.equal(incoming.write(chunk), undefined)
  assert.equal(incoming.write(Uint8Array.of(1)), 'too-large')
  assert.equal(budget.used, 0)
  assert.equal(incoming.write(chunk), 'too-large')
  assert.equal(budget.used, 0)
})

test('files that nobody reads go, oldest first, in bytes and in number', () => {
  const budget = createPutBudget()
  const store = createPutStore(budget)
  const chunk = new Uint8Array(HLS_LIMITS.putBytes / 8)
  for (let i = 0; i < 20; i++) put(store, `s${i}`, chunk)
  assert.equal(budget.used, HLS_LIMITS.putBytes)
  assert.equal(store.get('s11'), undefined)
  assert.notEqual(store.get('s12'), undefined)
  assert.equal(store.dropped, 12)
  for (let i = 0; i < 2 * HLS_LIMITS.putFiles; i++) put(store, `x${i}`, Uint8Array.of(1))
  assert.ok(budget.used <= HLS_LIMITS.putFiles)
  store.close()
  assert.equal(budget.used, 0)
})

test('what is still under way fills the room of one encoder, and of all of them together', () => {
  const budget = createPutBudget()
  const stores = Array.from({ length: 8 }, () => createPutStore(budget))
  const chunk = new Uint8Array(HLS_LIMITS.fileBytes)
  for (const store of stores) {
    const faults = Array.from({ length: 3 }, (_, i) => begin(store, `${i}`).write(chunk))
    assert.equal(faults.at(-1), 'no-room')
    assert.ok(budget.used <= HLS_LIMITS.putTotalBytes)
  }
  for (const store of stores) store.close()
  assert.equal(budget.used, 0)
})

test('what is under way when an encoder ends is given back at once, and nothing more of it is taken', () => {
  const budget = createPutBudget()
  const store = createPutStore(budget)
  const incoming = begin(store, 'a')
  incoming.write(new Uint8Array(1_000))
  store.close()
  assert.equal(budget.used, 0)
  assert.equal(incoming.write(Uint8Array.of(1)), 'ended')
  assert.equal(incoming.end(), 'ended')
  assert.equal(budget.used, 0)
  assert.equal(store.begin('b'), 'ended')
})

test('who has most under way loses it, and not another one its files', () => {
  const budget = createPutBudget()
  const honest = createPutStore(budget)
  put(honest, 'init.mp4', Uint8Array.of(1))
  put(honest, 's0', Uint8Array.of(1))
  const chunk = new Uint8Array(HLS_LIMITS.fileBytes / 2)
  const uploads = Array.from({ length: 4 }, () => createPutStore(budget)).flatMap((store) =>
    Array.from({ length: 4 }, (_, i) => begin(store, `${i}`)),
  )
  for (const upload of uploads) upload.write(chunk)
  put(honest, 's1', new Uint8Array(1_000))
  for (const name of ['init.mp4', 's0', 's1']) assert.notEqual(honest.get(name), undefined, name)
  assert.ok(uploads.some((upload) => upload.end() === 'no-room'))
  assert.ok(budget.used <= HLS_LIMITS.putTotalBytes)
})

test('files at the same time are bounded, and what comes after the end is not kept', () => {
  const budget = createPutBudget()
  const store = createPutStore(budget)
  const all = Array.from({ length: HLS_LIMITS.putAtOnce }, (_, i) => begin(store, `${i}`))
  assert.equal(store.begin('one more'), 'too-many')
  store.close()
  for (const incoming of all) {
    incoming.write(Uint8Array.of(1))
    incoming.end()
  }
  assert.equal(budget.used, 0)
})

test('where all together have too much, the fullest gives way, and nobody else is turned away', () => {
  const budget = createPutBudget()
  const full = Array.from({ length: 4 }, () => createPutStore(budget))
  const chunk = new Uint8Array(HLS_LIMITS.putTotalBytes / 16)
  for (const store of full) for (let i = 0; i < 4; i++) put(store, `s${i}`, chunk)
  assert.equal(budget.used, HLS_LIMITS.putTotalBytes)
  const other = createPutStore(budget)
  put(other, 'a', Uint8Array.of(1))
  assert.notEqual(other.get('a'), undefined)
  assert.equal(
    full.reduce((sum, { dropped }) => sum + dropped, 0),
    1,
  )
  for (const store of [...full, other]) store.close()
  assert.equal(budget.used, 0)
})

test('an initialisation segment outlives any number of files that nobody reads, and its successor does', () => {
  const store = createPutStore(createPutBudget())
  put(store, 'init.mp4', Uint8Array.of(1))
  store.keep('init.mp4')
  for (let i = 0; i < 2 * HLS_LIMITS.putFiles; i++) put(store, `a${i}`, Uint8Array.of(1))
  assert.notEqual(store.get('init.mp4'), undefined)
  put(store, 'init.mp4', Uint8Array.of(2))
  for (let i = 0; i < 2 * HLS_LIMITS.putFiles; i++) put(store, `b${i}`, Uint8Array.of(1))
  assert.deepEqual([...(store.get('init.mp4')?.bytes ?? [])], [2])
})

test('initialisation segments are bounded too: the first of very many go', () => {
  const store = createPutStore(createPutBudget())
  for (let i = 0; i < 2 * HLS_LIMITS.putFiles; i++) {
    put(store, `init${i}.mp4`, Uint8Array.of(1))
    store.keep(`init${i}.mp4`)
  }
  put(store, 's0', Uint8Array.of(1))
  assert.equal(store.get('init0.mp4'), undefined)
  assert.notEqual(store.get(`init${2 * HLS_LIMITS.putFiles - 1}.mp4`), undefined)
  assert.notEqual(store.get('s0'), undefined)
})

test('what one encoder has under way pushes out none of its initialisation segments', () => {
  const store = createPutStore(createPutBudget())
  put(store, 'init.mp4', new Uint8Array(1_000))
  store.keep('init.mp4')
  const half = new Uint8Array(HLS_LIMITS.putBytes / 4)
  const uploads = Array.from({ length: 4 }, (_, i) => begin(store, `s${i}`))
  assert.deepEqual(
    uploads.map((upload) => upload.write(half)),
    [undefined, undefined, undefined, 'no-room'],
  )
  assert.notEqual(store.get('init.mp4'), undefined)
})

test('a file that is too large for an initialisation segment is dropped as any other', () => {
  const store = createPutStore(createPutBudget())
  put(store, 's0.mp4', new Uint8Array(HLS_LIMITS.putMapBytes + 1))
  store.keep('s0.mp4')
  assert.deepEqual(store.maps, [])
  for (let i = 0; i <= HLS_LIMITS.putFiles; i++) put(store, `s${i}.ts`, Uint8Array.of(1))
  assert.equal(store.get('s0.mp4'), undefined)
  assert.ok(store.dropped > 0)
})

test('where only initialisation segments are left, those of the fullest give way', () => {
  const budget = createPutBudget()
  const map = new Uint8Array(HLS_LIMITS.putMapBytes)
  const stores: ReturnType<typeof createPutStore>[] = []
  while (budget.used + HLS_LIMITS.putMaps * map.byteLength <= HLS_LIMITS.putTotalBytes) {
    const store = createPutStore(budget)
    stores.push(store)
    for (let i = 0; i < HLS_LIMITS.putMaps; i++) {
      put(store, `init${i}.mp4`, map)
      store.keep(`init${i}.mp4`)
    }
  }
  const other = createPutStore(budget)
  put(other, 's0.ts', new Uint8Array(1_000_000))
  assert.ok(other.get('s0.ts') !== undefined && budget.used <= HLS_LIMITS.putTotalBytes)
  assert.equal(stores.filter(({ dropped }) => dropped > 0).length, 1)
})
