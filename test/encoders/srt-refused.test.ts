import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Bandstand, startBandstand, streamKey } from '../support/bandstand.ts'
import { ffmpegPublish } from '../support/encoders.ts'
import { signIn } from '../support/owner.ts'
import { start } from '../support/process.ts'
import { findProgram } from '../support/programs.ts'
import { decode, waitLive } from '../support/published.ts'
import { liveTransmit, patientOptions } from '../support/srt.ts'
import { waitFor } from '../support/wait.ts'

const passphrase = 'correct horse battery'

/** What a real encoder sees of each refusal, and what the log says of it. */
describe('SRT refusals and encryption', { concurrency: true }, () => {
  let open: Bandstand
  let secret: Bandstand
  before(async () => {
    ;[open, secret] = await Promise.all([
      startBandstand({ args: ['--takeover', 'refuse'] }),
      startBandstand({ env: { BANDSTAND_SRT_PASSPHRASE: passphrase } }),
    ])
  })
  after(() => Promise.all([open?.stop(), secret?.stop()]))

  /** The line of a refusal, with its reason. */
  const refusal = (server: Bandstand, reason: number) =>
    waitFor(
      `refusal ${reason}`,
      () => server.log().find(({ msg, reason: told }) => msg.startsWith('srt: caller refused') && told === reason),
      30_000,
    )

  const address = (server: Bandstand, streamId: string, more = '') => `srt://${server.srt}?streamid=${streamId}${more}`

  it('a wrong key ends ffmpeg at once, and nothing of the key but four characters is in the log', async () => {
    const encoder = ffmpegPublish({ url: address(open, 'publish:wrong-key-of-somebody'), seconds: 20 })
    assert.notEqual((await encoder.exited).code, 0)
    assert.match(encoder.output(), /rejection|REJECT|Input\/output error/)
    const line = await refusal(open, 1401)
    assert.match(String(line['text']), /wrong stream key/)
    assert.equal(line['streamId'], 'publish:wron…')
    assert.doesNotMatch(open.output(), /wrong-key-of/)
  })

  it('no stream id at all is said so', async () => {
    const encoder = ffmpegPublish({ url: `srt://${open.srt}`, seconds: 20 })
    assert.notEqual((await encoder.exited).code, 0)
    assert.match(String((await refusal(open, 1400))['text']), /stream id publish:KEY/)
  })

  it('a passphrase where there is none, and none or another one where there is one', async () => {
    const needless = ffmpegPublish({
      url: address(open, `publish:${streamKey}`, `&passphrase=${passphrase}`),
      seconds: 20,
    })
    const missing = ffmpegPublish({ url: address(secret, `publish:${streamKey}`), seconds: 20 })
    const wrong = ffmpegPublish({
      url: address(secret, `publish:${streamKey}`, '&passphrase=another horse'),
      seconds: 20,
    })
    for (const encoder of [needless, missing, wrong]) assert.notEqual((await encoder.exited).code, 0)
    // libsrt's own words for the codes.
    assert.match(missing.output(), /Password required or unexpected/)
    assert.match(wrong.output(), /Incorrect passphrase/)
    assert.match(String((await refusal(open, 11))['text']), /leave it out/)
    assert.match(String((await refusal(secret, 11))['text']), /set the passphrase/)
    assert.match(String((await refusal(secret, 10))['text']), /another than/)
    assert.doesNotMatch(secret.output(), /correct horse|another horse/)
  })

  it('a sender of files is told to use live mode', async () => {
    const sender = start(
      findProgram('srt-file-transmit'),
      ['file:///etc/hostname', address(open, `publish:${streamKey}`)],
      {
        limit: 30_000,
      },
    )
    await waitFor('live mode in the log', () =>
      open.log().find(({ msg, text }) => msg.startsWith('srt: caller refused') && /live mode/.test(String(text))),
    )
    await sender.stop('SIGKILL')
  })

  it('a reader of a channel that is not live is told so', async () => {
    const reader = start(findProgram('ffprobe'), ['-v', 'warning', address(open, 'read:nothing')], { limit: 30_000 })
    assert.notEqual((await reader.exited).code, 0)
    assert.match(String((await refusal(open, 1404))['text']), /not live/)
  })

  it('a second encoder is refused where taking over is', async () => {
    const begin = () => ffmpegPublish({ url: address(open, `publish:${streamKey}`) })
    let first = begin()
    try {
      await waitLive(open, 'main', 60_000)
      const second = liveTransmit({ url: address(open, `publish:${streamKey}`), seconds: 60, limit: 80_000 })
      // One that had no processor for 1.5 s is taken over from: it comes again, and is the second then.
      await waitFor(
        'refusal 1409',
        () => {
          if (!first.running()) first = begin()
          return open.log().some(({ msg, reason }) => msg.startsWith('srt: caller refused') && reason === 1409)
        },
        60_000,
        500,
      )
      await second.stop('SIGKILL')
    } finally {
      await first.stop('SIGKILL')
    }
  })

  for (const bits of [128, 192, 256]) {
    it(`AES-${bits} is decrypted`, async () => {
      const channel = `aes-${bits}`
      const key = await (await signIn(secret)).createChannel(channel)
      const more = `&passphrase=${passphrase}&pbkeylen=${bits / 8}&${patientOptions}`
      const encoder = ffmpegPublish({ url: address(secret, `publish:${key}`, more) })
      try {
        await waitLive(secret, channel, 60_000)
        const decoded = await decode(`${secret.http}/live/${channel}/index.m3u8`, 2)
        assert.equal(decoded.complaints, '')
        assert.ok(decoded.pictures > 30)
      } finally {
        await encoder.stop('SIGKILL')
      }
    })
  }
})
