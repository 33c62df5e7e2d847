import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { createLiveHandler } from './live.ts'
import { createFakeBroadcast } from './live-fixture.ts'
import type { HttpRequest, HttpResponse } from './message.ts'
import { until } from './testing.ts'

/** Answers to a crowd, each of which takes a millisecond, and how many were sent in each turn of the event loop. */
function crowd() {
  const fake = createFakeBroadcast()
  for (let i = 0; i < 8; i++) fake.advance()
  const live = createLiveHandler({ find: () => fake.broadcast })
  const perTurn: number[] = [0]
  const encodings = new Set<string | undefined>()
  let answered = 0
  let isOver = false
  const turn = () => {
    perTurn.push(0)
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)

  function ask(encoding: string, query: string): void {
    const socket = new EventEmitter() as Socket
    const headers = { 'accept-encoding': encoding }
    const req: HttpRequest = {
      method: 'GET',
      url: `/live/main/as_1/v1/index.m3u8${query}`,
      headers,
      httpVersionMajor: 1,
      socket,
    }
    const state = { headersSent: false, writableEnded: false, writableFinished: false, destroyed: false }
    const res = Object.assign(new EventEmitter(), state, {
      writeHead(_status: number, fields: string[]) {
        encodings.add(fields[fields.indexOf('Content-Encoding') + 1])
      },
      cork() {},
      write: () => true,
      end(): void {
        res.writableEnded = res.writableFinished = true
        answered++
        perTurn.push((perTurn.pop() ?? 0) + 1)
        for (const begun = performance.now(); performance.now() - begun < 1; );
      },
      destroy(): void {},
    })
    assert.equal(live.handle(req, res satisfies HttpResponse), true)
  }

  return {
    fake,
    live,
    ask,
    encodings,
    async most(count: number): Promise<number> {
      await until(() => answered === count)
      isOver = true
      return Math.max(...perTurn)
    },
  }
}

for (const encoding of ['identity', 'gzip']) {
  test(`a crowd that waited for a playlist lets others have their turn (${encoding})`, async () => {
    const { fake, live, ask, encodings, most } = crowd()
    for (let i = 0; i < 60; i++) ask(encoding, '?_HLS_msn=1&_HLS_part=2')
    assert.equal(live.waiting(), 60)
    fake.advance()
    const sent = await most(60)
    assert.ok(sent <= 20, `${sent} in one turn`)
    assert.equal(encodings.has('gzip'), encoding === 'gzip')
  })

  test(`so does a crowd that comes for a playlist that is there (${encoding})`, async () => {
    const { ask, most } = crowd()
    for (let i = 0; i < 60; i++) ask(encoding, '')
    const sent = await most(60)
    assert.ok(sent <= 20, `${sent} in one turn`)
  })
}
