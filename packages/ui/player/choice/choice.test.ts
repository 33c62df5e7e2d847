import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ChoiceEvent, type ChoiceState, choose, initialChoice } from './choice.ts'
import {
  CONNECT_LIMIT,
  FIRST_WAIT,
  LONGEST_WAIT,
  PICTURE_LIMIT,
  PROVEN,
  STALLS_WAIT,
  STEADY,
  TROUBLES_MAX,
} from './limits.ts'
import { ladderOf, type Transport, transports } from './transport.ts'

const able = new Set(transports)
const lost = { code: 'lost' }

/** A choice with a clock of its own, which is moved by hand. */
function choice(wanted: Transport = 'webrtc') {
  let state: ChoiceState = initialChoice
  let now = 1_000_000
  const said: string[] = []
  const run = {
    get state() {
      return state
    },
    /** Milliseconds until WebRTC may be tried again. */
    get wait() {
      return state.marks.webrtc.notBefore - now
    },
    /** What was to be done since the last look. */
    said: () => said.splice(0),
    send(event: ChoiceEvent) {
      const step = choose(state, event, now)
      state = step.state
      said.push(...step.actions.map((action) => `${action.do} ${action.transport}`))
      return run
    },
    /** Lets time go by, with ticks as a session sends them. */
    pass(ms: number, free = true) {
      const end = now + ms
      while (now < end) {
        now = Math.min(end, now + 250)
        run.send({ type: 'tick', free })
      }
      return run
    },
    ladder: (to: Transport, anew = false) => run.send({ type: 'ladder', ladder: ladderOf(to, able), anew }),
    start: (anew = true) => run.send({ type: 'start', anew }),
    ready: () => run.send({ type: 'ready', transport: 'webrtc' }),
    failed: (failure: { code: string; lasting?: boolean } = lost) =>
      run.send({ type: 'failed', transport: 'webrtc', failure }),
    trouble: () => run.send({ type: 'trouble' }),
  }
  return run.ladder(wanted)
}

const realTime = () => {
  const run = choice().start().ready()
  assert.deepEqual(run.said(), ['try webrtc', 'play webrtc'])
  return run
}

test('a channel with low delay plays LL-HLS at once and never tries anything quicker', () => {
  const run = choice('ll-hls').start()
  assert.deepEqual(run.said(), ['play ll-hls'])
  assert.deepEqual(run.pass(3_600_000).said(), [])
})

test('real time that connects plays', () => {
  assert.equal(realTime().state.playing, 'webrtc')
})

test('real time that is not connected within two seconds gives way to LL-HLS', () => {
  const run = choice().start().pass(1999)
  assert.deepEqual(run.said(), ['try webrtc'])
  assert.deepEqual(run.pass(1).said(), ['drop webrtc', 'play ll-hls'])
  assert.equal(CONNECT_LIMIT, 2000)
})

test('a connection that is there may take a while longer to its first picture, and no more', () => {
  const run = choice().start().pass(1900).send({ type: 'connected', transport: 'webrtc' })
  assert.deepEqual(run.pass(PICTURE_LIMIT - 1).said(), ['try webrtc'])
  assert.deepEqual(run.pass(1).said(), ['drop webrtc', 'play ll-hls'])
  // Not `slow`, which speaks of firewalls.
  assert.equal(run.state.marks.webrtc.failure?.code, 'no-picture')
})

test('a refusal gives way at once, without waiting for the two seconds', () => {
  const run = choice().start().failed({ code: 'has-b-frames', lasting: true })
  assert.deepEqual(run.said(), ['try webrtc', 'play ll-hls'])
  assert.equal(run.state.marks.webrtc.failure?.code, 'has-b-frames')
})

test('a lost connection falls to LL-HLS and is climbed back to behind the picture', () => {
  const run = realTime().failed()
  assert.deepEqual(run.said(), ['play ll-hls'])
  run.pass(FIRST_WAIT)
  assert.deepEqual(run.said(), ['try webrtc'])
  assert.equal(run.state.playing, 'll-hls')
  run.ready()
  assert.deepEqual(run.said(), ['play webrtc'])
})

test('an attempt behind the picture that comes to nothing changes nothing of the picture', () => {
  const run = realTime().failed().pass(FIRST_WAIT)
  run.said()
  assert.deepEqual(run.pass(CONNECT_LIMIT).said(), ['drop webrtc'])
  assert.equal(run.state.playing, 'll-hls')
})

test('waits double with each failure up to a bound', () => {
  const run = choice().start()
  const waits: number[] = []
  for (let i = 0; i < 9; i++) {
    run.failed()
    waits.push(run.wait / 1000)
    run.pass(run.wait)
    assert.equal(run.state.trying?.transport, 'webrtc')
  }
  assert.deepEqual(waits, [5, 10, 20, 40, 80, 160, 300, 300, 300])
})

for (const code of ['unreachable', 'not-ready']) {
  test(`a server or an encoder that is away is no failure of the transport: ${code}`, () => {
    const run = choice().start()
    const waits: number[] = []
    for (let i = 0; i < 9; i++) {
      run.failed({ code })
      waits.push(run.wait / 1000)
      run.pass(run.wait)
    }
    assert.deepEqual([...new Set(waits)], [5])
    run.failed()
    assert.deepEqual([run.wait, run.state.marks.webrtc.failures], [FIRST_WAIT, 1])
    run.pass(run.wait).failed({ code })
    assert.deepEqual([run.wait, run.state.marks.webrtc.failures], [FIRST_WAIT, 1])
  })
}

test('a good while that it played takes a failure off the count, waiting does not', () => {
  const run = realTime().failed().pass(FIRST_WAIT).failed()
  assert.equal(run.state.marks.webrtc.failures, 2)
  run
    .pass(2 * FIRST_WAIT)
    .ready()
    .pass(PROVEN)
    .failed()
  assert.equal(run.state.marks.webrtc.failures, 2)
  run
    .pass(2 * FIRST_WAIT)
    .ready()
    .pass(10 * PROVEN)
    .failed()
  assert.equal(run.state.marks.webrtc.failures, 1)
})

test('playing in trouble takes nothing off the count', () => {
  const run = realTime().failed().pass(FIRST_WAIT).ready()
  for (let at = 0; at < 2 * PROVEN; at += PROVEN / 10) run.pass(PROVEN / 10).trouble()
  assert.equal(run.failed().state.marks.webrtc.failures, 2)
})

test('what only the broadcast or the server can mend is not asked for again soon', () => {
  const run = choice().start().failed({ code: 'has-b-frames', lasting: true })
  run.said()
  assert.deepEqual(run.pass(LONGEST_WAIT - 1).said(), [])
  assert.deepEqual(run.pass(1).said(), ['try webrtc'])
})

test('another broadcast is tried anew, the same one loaded again is not', () => {
  const run = choice().start().failed()
  run.said()
  assert.deepEqual(run.start(false).said(), ['play ll-hls'])
  assert.deepEqual(run.start(true).said(), ['try webrtc'])
})

test('another network is a new chance, but not for what failed on any network', () => {
  const run = choice().start().failed().pass(STEADY)
  run.said()
  run.send({ type: 'network' }).pass(1)
  assert.deepEqual(run.said(), ['try webrtc'])
  run.failed({ code: 'has-b-frames', lasting: true })
  assert.deepEqual(run.send({ type: 'network' }).pass(60_000).said(), [])
})

test('LL-HLS that stalls again and again gives way to HLS, and comes back when that has been steady', () => {
  const run = choice('ll-hls').start()
  run.said()
  for (let i = 0; i < TROUBLES_MAX - 1; i++) assert.deepEqual(run.pass(10_000).trouble().said(), [])
  assert.deepEqual(run.pass(10_000).trouble().said(), ['play hls'])
  assert.deepEqual(run.pass(STALLS_WAIT - 1).said(), [])
  assert.deepEqual(run.pass(1).said(), ['play ll-hls'])
})

test('stalls far apart are no reason to change', () => {
  const run = choice('ll-hls').start()
  run.said()
  for (let i = 0; i < 20; i++) run.pass(31_000).trouble()
  assert.deepEqual(run.said(), [])
})

test('loading the same once more does not make troubles forgotten', () => {
  const run = choice('ll-hls').start().trouble().start(false).trouble().start(false)
  run.said()
  assert.deepEqual(run.trouble().said(), ['play hls'])
})

test('HLS in trouble at the end of the ladder goes on: there is nothing steadier', () => {
  const run = choice('hls').start()
  run.said()
  for (let i = 0; i < 20; i++) run.trouble()
  assert.deepEqual(run.said(), [])
  assert.equal(run.state.playing, 'hls')
})

test('nothing better is tried while paused, hidden or behind, and what is being tried is dropped', () => {
  const run = realTime().failed()
  run.said()
  assert.deepEqual(run.pass(60_000, false).said(), [])
  run.send({ type: 'tick', free: true })
  assert.deepEqual(run.said(), ['try webrtc'])
  run.send({ type: 'tick', free: false })
  assert.deepEqual(run.said(), ['drop webrtc'])
})

test('trouble puts off what would be tried next: only a steady picture is left for another', () => {
  const run = realTime().failed()
  run.said()
  run.pass(FIRST_WAIT - 100).trouble()
  assert.deepEqual(run.pass(STEADY - 1).said(), [])
  assert.deepEqual(run.pass(1).said(), ['try webrtc'])
})

test('somebody who rewinds or goes offline is not connected behind his back', () => {
  const run = choice().start()
  assert.deepEqual(run.send({ type: 'stop' }).said(), ['try webrtc', 'drop webrtc'])
  assert.deepEqual(run.pass(600_000).said(), [])
  assert.deepEqual(run.send({ type: 'ready', transport: 'webrtc' }).said(), [])
})

test('answers of an attempt that was given up are too late', () => {
  const run = choice().start().pass(CONNECT_LIMIT)
  run.said()
  assert.deepEqual(run.ready().said(), [])
  assert.deepEqual(run.failed().said(), [])
  assert.equal(run.state.playing, 'll-hls')
})

test('the viewer forces each transport while another plays', () => {
  const run = realTime()
  assert.deepEqual(run.ladder('hls', true).said(), ['play hls'])
  assert.deepEqual(run.pass(3_600_000).said(), [])
  assert.deepEqual(run.ladder('ll-hls', true).said(), ['play ll-hls'])
  // Behind the picture, so that it goes on meanwhile.
  assert.deepEqual(run.ladder('webrtc', true).said(), ['try webrtc'])
  assert.equal(run.state.playing, 'll-hls')
  assert.deepEqual(run.ready().said(), ['play webrtc'])
})

test('what the viewer asks for is tried at once, whatever failed before', () => {
  const run = choice().start().failed({ code: 'forbidden', lasting: true }).ladder('ll-hls', true)
  run.said()
  assert.deepEqual(run.ladder('webrtc', true).said(), ['try webrtc'])
})

test('a channel whose owner changes its delay is followed by those who watch', () => {
  const run = choice('ll-hls').start()
  run.said()
  assert.deepEqual(run.pass(10_000).ladder('webrtc').pass(1).said(), ['try webrtc'])
  run.ready()
  run.said()
  assert.deepEqual(run.ladder('hls').said(), ['play hls'])
  assert.deepEqual(run.ladder('ll-hls').pass(STEADY).said(), ['play ll-hls'])
})

test('where there is nothing but WebRTC it is tried again and again, with pauses', () => {
  const run = choice()
  run.send({ type: 'ladder', ladder: ['webrtc'], anew: false }).start()
  run.said()
  assert.deepEqual(run.failed().said(), [])
  assert.deepEqual(run.pass(FIRST_WAIT).said(), ['try webrtc'])
})

function check(holds: unknown, what: () => string): void {
  if (!holds) assert.fail(what())
}

/**
 * All that can happen, in every order, at short and long distances: states that look alike are visited once. Checked at
 * each step is what must always hold; from each state, that the viewer gets a picture and the best comes back in the end.
 */
test('in every order of events: never two at once, never what is not allowed, never without a picture', () => {
  const events: readonly ChoiceEvent[] = [
    { type: 'tick', free: true },
    { type: 'tick', free: false },
    { type: 'connected', transport: 'webrtc' },
    { type: 'ready', transport: 'webrtc' },
    { type: 'failed', transport: 'webrtc', failure: lost },
    { type: 'failed', transport: 'webrtc', failure: { code: 'refused', lasting: true } },
    { type: 'failed', transport: 'll-hls', failure: lost },
    { type: 'trouble' },
    { type: 'network' },
    { type: 'start', anew: false },
    { type: 'start', anew: true },
    { type: 'stop' },
    ...[['webrtc', 'll-hls', 'hls'] as const, ['ll-hls', 'hls'] as const, ['hls'] as const, ['webrtc', 'hls'] as const]
      .map((ladder) => [false, true].map((anew): ChoiceEvent => ({ type: 'ladder', ladder, anew })))
      .flat(),
  ]
  const gaps = [0, 2500, 7000, PROVEN * 1.1]
  /** The same state at another time of day is the same state. */
  const look = (state: ChoiceState, now: number) =>
    JSON.stringify(state, (key, value) =>
      typeof value === 'number' && key !== 'failures'
        ? Math.max(-PROVEN * 1.1, Math.min(LONGEST_WAIT * 2, value - now))
        : value,
    )
  const base = 10_000_000
  let open: { state: ChoiceState; now: number }[] = [{ state: initialChoice, now: base }]
  const seen = new Set<string>()
  let steps = 0
  for (let depth = 0; depth < 6 && steps < 400_000; depth++) {
    const next: typeof open = []
    for (const { state: before, now: then } of open) {
      for (const gap of gaps) {
        for (const event of events) {
          steps++
          const now = then + gap
          const { state, actions } = choose(before, event, now)
          const at = () => `${JSON.stringify(event)} after ${gap} ms in ${JSON.stringify(before)}`
          const { playing, trying, ladder } = state
          if (playing) check(ladder.includes(playing), at)
          if (trying) check(ladder.includes(trying.transport), at)
          if (playing && trying) check(ladder.indexOf(trying.transport) < ladder.indexOf(playing), at)
          if (!state.wanted) check(!playing && !trying, at)
          // At the end of each ladder is HLS.
          if (state.wanted && ladder.length > 0) check(playing ?? trying, at)
          // What plays changes by an action and by nothing else.
          if (playing && playing !== before.playing) {
            check(
              actions.some((action) => action.do === 'play' && action.transport === playing),
              at,
            )
          }
          check(actions.filter((action) => action.do === 'play').length <= 1, at)
          // Up by itself only when its time has come and the picture was steady; the viewer's own wish is another matter.
          const rank = (transport: Transport) => transports.indexOf(transport)
          const tried = actions.find((action) => action.do === 'try' || action.do === 'play')
          if (event.type === 'tick' && before.playing && tried && rank(tried.transport) < rank(before.playing)) {
            check(before.marks[tried.transport].notBefore <= now, at)
            check(now - before.steadySince >= STEADY, at)
          }
          for (const transport of transports) {
            check(state.marks[transport].notBefore - now <= LONGEST_WAIT * 1.25, at)
          }
          const key = look(state, now)
          if (seen.has(key)) continue
          seen.add(key)
          next.push({ state, now })
        }
      }
    }
    open = next
  }
  assert.ok(seen.size > 1000, `${seen.size} states`)
})

test('a start without any answer ends in a picture within the limit, where there is more than WebRTC', () => {
  for (const wanted of transports) {
    const run = choice(wanted).start().pass(CONNECT_LIMIT)
    assert.equal(run.state.playing, wanted === 'webrtc' ? 'll-hls' : wanted)
    run.pass(3_600_000)
    assert.equal(run.state.playing, wanted === 'webrtc' ? 'll-hls' : wanted)
  }
})

test('left alone, every start ends in the best there is, also where its first attempts came to nothing', () => {
  for (const attempts of [0, 1, 5]) {
    const run = choice().start()
    for (let i = 0; i < attempts; i++) run.pass(CONNECT_LIMIT).pass(run.wait)
    assert.equal(run.state.trying?.transport, 'webrtc')
    assert.equal(run.ready().state.playing, 'webrtc')
  }
})

/** Changes of what plays in an hour in which each of `troubled` fails or stalls, whenever it has played for so long. */
function changesInAnHour(troubled: readonly Transport[], what: 'failed' | 'trouble', period: number): number {
  const run = choice().start()
  let changes = 0
  let playing: Transport | undefined
  let good = 0
  for (let at = 0; at < 3_600_000; at += 250) {
    run.pass(250)
    if (run.state.trying) run.ready()
    if (run.state.playing !== playing) {
      changes++
      good = 0
    } else good += 250
    playing = run.state.playing
    if (!playing || !troubled.includes(playing) || good < period) continue
    good = 0
    if (what === 'trouble') run.trouble()
    else run.send({ type: 'failed', transport: playing, failure: lost })
  }
  return changes
}

test('what breaks or stalls again and again is tried ever more rarely, whatever the time between', () => {
  for (const seconds of [1, 3, 5, 10, 19, 20, 25, 29, 35, 61, 65, 100, 121, 150, 241, 300]) {
    for (const troubled of [['webrtc'], ['ll-hls'], ['webrtc', 'll-hls']] as const) {
      for (const what of ['failed', 'trouble'] as const) {
        const changes = changesInAnHour(troubled, what, seconds * 1000)
        assert.ok(changes <= 40 * troubled.length, `${troubled.join()} ${what} after ${seconds} s: ${changes} changes`)
      }
    }
  }
})

test('what breaks less often than that keeps its short wait', () => {
  const run = realTime()
  for (let i = 0; i < 5; i++) {
    run.pass(PROVEN + 1000).failed()
    assert.equal(run.wait, FIRST_WAIT)
    run.pass(FIRST_WAIT).ready()
  }
})
