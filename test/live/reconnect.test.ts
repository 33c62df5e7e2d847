import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Bandstand, type LogLine, startBandstand } from '../support/bandstand.ts'
import { channelMaker, type TestChannel } from '../support/channels.ts'
import { start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { judgeLive, judgeReplay } from '../support/replay.ts'
import { clip, ffmpeg, watch } from '../support/scene.ts'
import { stopwatch, waitFor } from '../support/wait.ts'

/** Encoders that go, come back, freeze and quarrel: one broadcast as long as it should be one, no number ever falls. */

let server: Bandstand
let make: (slug: string) => Promise<TestChannel>

before(async () => {
  server = await startBandstand({ args: ['--reconnect-window', '12'] })
  make = await channelMaker(server)
})
after(() => server.stop())

const logged = (text: string, key: string) => () =>
  server.log().find((line) => line.msg.includes(text) && JSON.stringify(line).includes(key.slice(0, 4)))

const isAccepted =
  ({ slug }: TestChannel) =>
  (line: LogLine) =>
    line.msg === 'rtmp: encoder publishing' && line['channel'] === slug

/** Goes on when nothing has held this process up: who sends nothing for 1.5 s counts as lost, and is no rival. */
async function undisturbed(): Promise<void> {
  for (let took = Number.POSITIVE_INFINITY; took > 500; ) {
    const begun = performance.now()
    await sleep(200)
    took = performance.now() - begun
  }
}

describe('reconnects', { concurrency: true }, () => {
  test('an encoder whose connection is lost returns into the same broadcast', async (t) => {
    const channel = await make('lost')
    const sending = stopwatch()
    const watcher = watch(t, server, channel)
    const first = ffmpeg(t, channel.publishUrl)
    const assetId = await channel.live()
    await sleep(4_000)
    await first.stop('SIGKILL')
    await sleep(2_000)
    assert.equal((await channel.facts()).assetId, assetId)
    const second = ffmpeg(t, channel.publishUrl)
    // A busy machine takes seconds to start it, and until then there is nothing new to be listed.
    await waitFor('the second encoder', () => server.log().filter(isAccepted(channel)).length === 2)
    await sleep(2_000)
    await judgeLive(server.http, channel.slug, 3)
    await second.stop('SIGKILL')
    const most = sending() + 0.7
    await channel.offline()
    const replay = await judgeReplay(server.http, assetId, { seconds: [4, most] })
    assert.equal(replay.discontinuities, 1)
    await watcher.again()
    await watcher.stop()
    assert.deepEqual(watcher.problems, [])
    assert.equal(watcher.renditions.size, 2)
  })

  test('an encoder that stops and starts within 3 s goes on with the broadcast, later it begins a new one', async (t) => {
    const channel = await make('stopped')
    const sending = stopwatch()
    const watcher = watch(t, server, channel)
    const first = clip(t, channel.publishUrl)
    const assetId = await channel.live()
    await sleep(3_000)
    await first.stop()
    const second = clip(t, channel.publishUrl)
    await sleep(4_000)
    assert.equal((await channel.facts()).assetId, assetId)
    await second.stop()
    const most = sending() + 0.7
    // Soon after a goodbye, and not after the 12 s that a lost encoder has.
    await waitFor('the end after a goodbye', async () => !(await channel.facts()).live, 10_000)
    const again = stopwatch()
    const third = clip(t, channel.publishUrl)
    const other = await channel.live(assetId)
    // Who was at the end of the broadcast before, or a little behind it, finishes properly.
    const before = `${server.http}/live/${channel.slug}/${assetId}/v1`
    const ended = await (await fetch(`${before}/index.m3u8`)).text()
    assert.match(ended, /#EXT-X-ENDLIST/)
    const media = ended.split('\n').filter((line) => /^s.*\.m4s$/.test(line))
    assert.equal((await fetch(`${before}/${media.at(-1)}`)).status, 200)
    await sleep(2_500)
    await third.stop()
    const mostOfOther = again() + 0.7
    await channel.offline()
    assert.equal((await judgeReplay(server.http, assetId, { seconds: [4, most] })).discontinuities, 1)
    await judgeReplay(server.http, other, { seconds: [1.5, mostOfOther] })
    await watcher.stop()
    assert.deepEqual(watcher.problems, [])
  })

  test('a second encoder takes over at once; the first cannot take back for 15 s, then it can', async (t) => {
    const channel = await make('quarrel')
    const sending = stopwatch()
    const watcher = watch(t, server, channel)
    const home = clip(t, channel.publishUrl)
    const assetId = await channel.live()
    await sleep(2_000)
    await undisturbed()
    const away = clip(t, channel.publishUrl, { localAddress: '127.0.0.2' })
    assert.equal(await away.publishing, true)
    const ended = await home.ended
    assert.equal(ended.how, 'refused')
    assert.match(ended.text, /took over/)
    const since = performance.now()
    await undisturbed()
    const late = sleep(20_000, undefined, { ref: false }).then(() => assert.fail('the first took the channel back'))
    const back = await Promise.race([clip(t, channel.publishUrl).ended, late])
    assert.equal(back.how, 'refused')
    assert.match(back.text, /another encoder took this channel over; stop it, or wait 1\d s/)
    await sleep(15_200 - (performance.now() - since))
    const again = clip(t, channel.publishUrl)
    assert.equal(await again.publishing, true)
    assert.equal((await away.ended).how, 'refused')
    await sleep(2_000)
    await again.stop()
    const most = sending() + 0.7
    await channel.offline()
    assert.equal((await judgeReplay(server.http, assetId, { seconds: [17, most] })).discontinuities, 2)
    await watcher.stop()
    assert.deepEqual(watcher.problems, [])
    const lines = server.log().filter((line) => line.msg === 'rtmp: encoder refused' && line['channel'] === 'quarrel')
    assert.ok(lines.every((line) => line['remote'] !== undefined && String(line['key']).length <= 5))
  })

  test('an encoder that is refused for its codec does not stop the one that streams', async (t) => {
    const channel = await make('codec')
    const sending = stopwatch()
    const watcher = watch(t, server, channel)
    const good = clip(t, channel.publishUrl)
    const assetId = await channel.live()
    const wrong = start(findProgram('ffmpeg'), [
      ...['-re', '-f', 'lavfi', '-i', 'testsrc2=size=160x90:rate=25', '-f', 'lavfi', '-i', 'sine'],
      ...['-c:v', 'flv1', '-c:a', 'aac', '-t', '10', '-f', 'flv', channel.publishUrl],
    ])
    t.after(() => wrong.stop('SIGKILL'))
    assert.notEqual((await wrong.exited).code, 0)
    await waitFor('the refusal', logged('rtmp: encoder refused', channel.key))
    await sleep(2_000)
    await good.stop()
    const most = sending() + 0.7
    await channel.offline()
    assert.equal((await judgeReplay(server.http, assetId, { seconds: [2, most] })).discontinuities, 0)
    await watcher.stop()
    assert.deepEqual(watcher.problems, [])
  })

  test('a frozen encoder is replaced from its own address at once and without a quarrel', async (t) => {
    const channel = await make('frozen')
    const sending = stopwatch()
    const watcher = watch(t, server, channel)
    const frozen = ffmpeg(t, channel.publishUrl)
    const assetId = await channel.live()
    await sleep(3_000)
    frozen.signal('SIGSTOP')
    await sleep(5_000)
    const fresh = clip(t, channel.publishUrl)
    assert.equal(await fresh.publishing, true)
    // A half-open connection that comes back to life is told to go.
    frozen.signal('SIGCONT')
    await waitFor('the frozen encoder to end', () => !frozen.running())
    const again = clip(t, channel.publishUrl)
    assert.equal(await again.publishing, true, 'nobody was blocked')
    await sleep(2_000)
    await again.stop()
    const most = sending() + 0.7
    await channel.offline()
    await judgeReplay(server.http, assetId, { seconds: [3, most] })
    await watcher.stop()
    assert.deepEqual(watcher.problems, [])
  })

  test('a wrong key and a wrong application are refused with a message that the encoder shows', async (t) => {
    const wrongKey = ffmpeg(t, `${server.rtmp}/not-a-key-of-anybody`, { seconds: 5 })
    const wrongApp = ffmpeg(t, `${server.rtmp.replace('/live', '/stage')}/whatever`, { seconds: 5 })
    const [key, app] = await Promise.all([wrongKey.exited, wrongApp.exited])
    assert.notEqual(key.code, 0)
    assert.notEqual(app.code, 0)
    assert.match(wrongKey.output(), /wrong stream key: copy the key shown in the studio/)
    assert.match(wrongApp.output(), /live/)
    const line = await waitFor('the refusal in the log', logged('rtmp: encoder refused', 'not-'))
    assert.equal(line['remote'], '127.0.0.1')
    assert.doesNotMatch(server.output(), /not-a-key-of-anybody/)
  })

  test('a key that is changed while live stops the encoder at once; the new one goes on', async (t) => {
    const channel = await make('rotated')
    const sending = stopwatch()
    const encoder = clip(t, channel.publishUrl)
    const assetId = await channel.live()
    await sleep(2_000)
    const key = await channel.rotateKey()
    const next = clip(t, `${server.rtmp}/${key}`)
    assert.equal(await next.publishing, true)
    const ended = await encoder.ended
    assert.equal(ended.how, 'refused')
    assert.match(ended.text, /key of this channel was changed/)
    // From an address of its own: refusals of one kind and network are one line a minute, and that is looked for beside.
    const late = clip(t, channel.publishUrl, { localAddress: '127.0.1.1' })
    assert.match((await late.ended).text, /wrong stream key/)
    await sleep(2_000)
    assert.equal((await channel.facts()).assetId, assetId)
    await next.stop()
    const most = sending() + 0.7
    await channel.offline()
    await judgeReplay(server.http, assetId, { seconds: [3, most] })
  })
})
