import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createTurn } from './turn.ts'

function fixture() {
  const clock = { now: 0 }
  const next: (() => void)[] = []
  const turn = createTurn(
    () => clock.now,
    (run) => next.push(run),
  )
  const done: string[] = []
  /** Each answer takes `ms`. */
  const answers = (name: string, count: number, ms: number) => {
    let at = 0
    return () => {
      clock.now += ms
      done.push(`${name}${at++}`)
      return at < count
    }
  }
  const step = () => {
    for (const run of next.splice(0)) run()
  }
  return { clock, turn, done, answers, step, next }
}

test('runs a job at once while the turn lasts', () => {
  const { turn, done, answers } = fixture()
  assert.equal(turn.left, true)
  turn.queue(answers('a', 3, 1))
  assert.deepEqual(done, ['a0', 'a1', 'a2'])
  assert.equal(turn.left, true)
})

test('a crowd is sent over several turns, in order, and whoever comes meanwhile is behind it', () => {
  const { turn, done, answers, step, clock } = fixture()
  turn.queue(answers('a', 20, 1))
  assert.equal(done.length, 8)
  assert.equal(turn.left, false)
  turn.queue(answers('b', 1, 1))
  assert.equal(done.length, 8)
  const before = clock.now
  step()
  assert.equal(clock.now - before, 8)
  step()
  assert.equal(done.length, 21)
  assert.equal(done.at(-1), 'b0')
})

test('every turn has its full time, and an idle queue keeps no turn waiting', () => {
  const { turn, answers, step, next } = fixture()
  turn.queue(answers('a', 1, 9))
  assert.equal(turn.left, false)
  step()
  assert.equal(turn.left, true)
  step()
  assert.equal(next.length, 0)
})

test('what is urgent goes before a crowd of others, in its own order', () => {
  const { turn, done, answers, step } = fixture()
  turn.queue(answers('a', 12, 1))
  assert.equal(done.length, 8)
  turn.queue(answers('u', 2, 1), 'urgent')
  turn.queue(answers('v', 2, 1), 'urgent')
  step()
  assert.deepEqual(done.slice(8), ['u0', 'u1', 'v0', 'v1', 'a8', 'a9', 'a10', 'a11'])
})

test('an urgent job that another one queues runs after that one has answered', () => {
  const { turn, done } = fixture()
  let left = 2
  turn.queue(() => {
    done.push('outer')
    if (left === 2)
      turn.queue(() => {
        done.push('urgent')
        return false
      }, 'urgent')
    return --left > 0
  })
  assert.deepEqual(done, ['outer', 'urgent', 'outer'])
})

test('what jobs cause after the turn shortens it', () => {
  const { turn, done, step } = fixture()
  let left = 30
  turn.queue(() => {
    done.push('')
    turn.charge(1)
    return --left > 0
  })
  assert.equal(done.length, 8)
  step()
  assert.equal(done.length, 16)
})

test('a job that queues another does not run it inside itself', () => {
  const { turn, done } = fixture()
  turn.queue(() => {
    turn.queue(() => {
      done.push('inner')
      return false
    })
    done.push('outer')
    return false
  })
  assert.deepEqual(done, ['outer', 'inner'])
})

test('a queue that is never empty keeps nothing of what is done', async () => {
  const { turn, answers, step } = fixture()
  const gone: WeakRef<object>[] = []
  turn.queue(answers('a', 9, 1))
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 8; i++) {
      const answer = { round }
      gone.push(new WeakRef(answer))
      const send = answers('b', 1, 1)
      turn.queue(() => answer.round >= 0 && send())
    }
    step()
  }
  assert.equal(turn.left, false)
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  // What a WeakRef was made of in this turn stays until its end.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  assert.ok(gone.filter((answer) => answer.deref() !== undefined).length < 20)
})
