import assert from 'node:assert/strict'
import { test } from 'node:test'
import Hls from 'hls.js'
import { errorsFirst } from './errors-first.ts'

test('hls.js answers an error as things are after others have been told of it', () => {
  const told: (boolean | undefined)[] = []
  const listeners: ((name: string, data: object) => void)[] = []
  const hls = {
    logger: console,
    on(name: string, listener: (name: string, data: object) => void, context?: object) {
      if (name === 'hlsError') listeners.push(listener.bind(context))
    },
  }
  const Controller = errorsFirst(Hls, ({ errorAction }) => told.push(errorAction === undefined))
  new Controller(hls as unknown as Hls)
  const data = { details: Hls.ErrorDetails.BUFFER_STALLED_ERROR, fatal: false, errorAction: undefined }
  for (const listener of listeners) listener(Hls.Events.ERROR, data)
  assert.deepEqual(told, [true])
  assert.notEqual(data.errorAction, undefined)
})
