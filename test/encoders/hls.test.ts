import assert from 'node:assert/strict'
import { readFileSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ChannelHealth } from '@bandstand/contract/api/health.ts'
import { type Bandstand, startBandstand } from '../support/bandstand.ts'
import { ffmpegHls } from '../support/hls-encoder.ts'
import { obsPublish } from '../support/obs.ts'
import { type Owner, signIn } from '../support/owner.ts'
import { ffprobe } from '../support/players.ts'
import { assertNear, decode, getChannel, waitEnded, waitLive } from '../support/published.ts'
import { type Samba, startSamba } from '../support/samba.ts'
import { serveFolder } from '../support/static-server.ts'
import { temporaryFolder } from '../support/temporary.ts'
import { waitFor } from '../support/wait.ts'

const seconds = 12
const pictures = seconds * 30

describe('HLS made by the encoder', { concurrency: true }, () => {
  const folders = {
    written: temporaryFolder('hls'),
    watched: join(temporaryFolder('hls'), 'share'),
    ladder: temporaryFolder('hls'),
    smb: temporaryFolder('hls'),
    served: temporaryFolder('hls'),
  }
  let server: Bandstand
  let owner: Owner
  let samba: Samba
  let nginx: Awaited<ReturnType<typeof serveFolder>>
  before(async () => {
    symlinkSync(folders.written, folders.watched)
    samba = await startSamba(folders.smb)
    nginx = await serveFolder(folders.served)
    const sources = [
      `watched=${folders.watched}`,
      `watched-ladder=${folders.ladder}`,
      `smb=${join(folders.smb, 'out.m3u8')}`,
      `pulled=${nginx.url}/out.m3u8`,
    ]
    server = await startBandstand({ args: ['--hls-sources', sources.join(',')] })
    owner = await signIn(server)
    for (const slug of ['watched', 'watched-ladder', 'smb', 'pulled']) await owner.createChannel(slug)
  })
  after(async () => {
    await server?.stop()
    await samba?.stop()
    await nginx?.stop()
  })

  const health = (channel: string) => owner.call<ChannelHealth>('GET', `/channels/${channel}/health`)

  /** The replay holds so many pictures, decodes without a complaint and is as long as it should be. */
  async function assertReplay(of: Bandstand, assetId: string, count: number): Promise<void> {
    const asset = await waitEnded(of, assetId, 90_000)
    const whole = await decode(`${of.http}/vod/${assetId}/index.m3u8`, 300)
    assert.deepEqual(whole, { pictures: count, complaints: '' })
    assertNear(asset.duration, (count / 30) * 1000, 200, 'duration')
    const file = await ffprobe(`${of.http}/vod/${assetId}/download.mp4`)
    assert.deepEqual(file.streams.map((stream) => stream.codec_type).sort(), ['audio', 'video'])
  }

  async function live(of: Bandstand, channel: string): Promise<string> {
    await waitLive(of, channel, 60_000).catch((error: unknown) => assert.fail(`${String(error)}\n${of.output()}`))
    return (await getChannel(of, channel)).assetId ?? ''
  }

  for (const type of ['mpegts', 'fmp4'] as const) {
    it(`PUT of ${type} from ffmpeg: every picture arrives`, async () => {
      const key = await owner.createChannel(`put-${type}`)
      const to = `${server.http}/ingest/hls/${key}/out.m3u8`
      const encoder = ffmpegHls({ to, seconds, type, bFrames: type === 'fmp4' ? 2 : 0 })
      const assetId = await live(server, `put-${type}`)
      const { encoder: facts, advice } = await waitFor('the first segment in the studio', async () => {
        const found = await health(`put-${type}`)
        return typeof found.encoder?.hls?.format === 'string' && found
      })
      assert.equal(facts?.protocol, 'hls')
      assert.match(facts?.encoder ?? '', /Lavf/)
      const { source, format, segments, renditions, lost, trouble } = facts?.hls ?? {}
      assert.deepEqual([source, format, segments, renditions, lost, trouble], ['put', type, 2_000, 1, 0, null])
      assert.ok(!advice.some(({ code }) => code.startsWith('hls-')))
      assert.equal((await encoder.exited).code, 0, encoder.output())
      await assertReplay(server, assetId, pictures)
    })
  }

  it('PUT of a ladder from ffmpeg: the largest picture is the stream, the other is brought', async () => {
    const key = await owner.createChannel('put-ladder')
    const to = `${server.http}/ingest/hls/${key}/stream_%v.m3u8`
    const encoder = ffmpegHls({ to, seconds, type: 'mpegts', ladder: true })
    const assetId = await live(server, 'put-ladder')
    const found = await waitFor('both pictures', async () => {
      const { encoder: facts } = await health('put-ladder')
      return facts?.hls?.renditions === 2 && facts
    })
    assert.deepEqual([found.video?.width, found.video?.height], [320, 180])
    const sizes = await waitFor('both in the multivariant playlist', async () => {
      const { variants } = await waitLive(server, 'put-ladder')
      return variants.length === 2 && variants.map(({ resolution }) => resolution?.width)
    })
    assert.deepEqual(sizes, [320, 160])
    assert.equal((await encoder.exited).code, 0, encoder.output())
    await assertReplay(server, assetId, pictures)
  })

  it('PUT from OBS, whose FFmpeg output is set to an address', async () => {
    const key = await owner.createChannel('obs')
    const to = `${server.http}/ingest/hls/${key}/out.m3u8`
    const obs = await obsPublish({
      server: '',
      key: '',
      hls: to,
      width: 320,
      height: 180,
      frameRate: 30,
      gop: 60,
      bitrate: 400,
    })
    try {
      await waitLive(server, 'obs', 90_000).catch((error: unknown) => assert.fail(`${String(error)}\n${obs.log()}`))
      const { assetId } = await getChannel(server, 'obs')
      const decoded = await decode(`${server.http}/live/obs/index.m3u8`, 4)
      assert.equal(decoded.complaints, '')
      const { encoder } = await health('obs')
      assert.deepEqual([encoder?.protocol, encoder?.hls?.source, encoder?.hls?.format], ['hls', 'put', 'mpegts'])
      assert.deepEqual([encoder?.video?.width, encoder?.video?.height], [320, 180])
      await obs.stop()
      const asset = await waitEnded(server, assetId ?? '', 90_000)
      assert.ok((asset.duration ?? 0) > 4_000, `${asset.duration} ms`)
      const whole = await decode(`${server.http}/vod/${assetId}/index.m3u8`, 300)
      assert.equal(whole.complaints, '')
      // On a busy machine OBS leaves pictures out.
      assert.ok(whole.pictures > 60, `${whole.pictures} pictures`)
    } finally {
      await obs.stop()
    }
  })

  it('PUT from an encoder that crashes and is started anew under the same names', async () => {
    const key = await owner.createChannel('crash')
    const to = `${server.http}/ingest/hls/${key}/out.m3u8`
    const first = ffmpegHls({ to, type: 'fmp4' })
    const assetId = await live(server, 'crash')
    await sleep(4_000)
    await first.stop('SIGKILL')
    const second = ffmpegHls({ to, seconds, type: 'fmp4' })
    assert.equal((await second.exited).code, 0, second.output())
    await waitEnded(server, assetId, 90_000)
    const { pictures: count, complaints } = await decode(`${server.http}/vod/${assetId}/index.m3u8`, 300)
    assert.equal(complaints, '')
    // Whole segments of the first, all of the second: nothing twice, nothing old.
    const before = count - pictures
    assert.ok(before >= 60 && before % 60 === 0, `${before} pictures of the first encoder`)
  })

  it('PUT with a wrong key is refused, and told with 4 characters of it', async () => {
    const answer = await fetch(`${server.http}/ingest/hls/wrong-key-wrong/out.m3u8`, {
      method: 'PUT',
      body: '#EXTM3U\n',
    })
    assert.equal(answer.status, 401)
    assert.equal(((await answer.json()) as { code: string }).code, 'wrong-key')
    const encoder = ffmpegHls({ to: `${server.http}/ingest/hls/wrong-key-wrong/out.m3u8`, seconds: 3, type: 'mpegts' })
    await encoder.exited
    const lines = server.log().filter(({ msg }) => msg.startsWith('hls: encoder refused'))
    assert.ok(lines.length > 0 && lines.every(({ key }) => key === 'wron…'), JSON.stringify(lines))
  })

  it('a folder that ffmpeg writes, which goes away and comes back', async () => {
    const encoder = ffmpegHls({ to: join(folders.written, 'out.m3u8'), seconds: 20, type: 'mpegts', listed: 20 })
    const assetId = await live(server, 'watched')
    // The encoder goes on writing; this machine sees nothing of it, as when a share is not mounted.
    unlinkSync(folders.watched)
    await waitFor('that to be said', () => server.log().some(({ msg }) => msg === 'hls: folder cannot be read'))
    await sleep(4_000)
    symlinkSync(folders.written, folders.watched)
    await waitFor('that to be said', () => server.log().some(({ msg }) => msg === 'hls: folder can be read again'))
    assert.equal((await encoder.exited).code, 0, encoder.output())
    await assertReplay(server, assetId, 600)
  })

  it('a folder with a ladder', async () => {
    const to = join(folders.ladder, 'stream_%v.m3u8')
    const encoder = ffmpegHls({ to, seconds, type: 'fmp4', ladder: true })
    const assetId = await live(server, 'watched-ladder')
    assert.equal((await health('watched-ladder')).encoder?.hls?.source, 'folder')
    assert.equal((await encoder.exited).code, 0, encoder.output())
    await assertReplay(server, assetId, pictures)
  })

  it('a share of a Samba server, whose server goes away and comes back', async () => {
    const local = temporaryFolder('hls')
    const encoder = ffmpegHls({ to: join(local, 'out.m3u8'), seconds, type: 'mpegts' })
    const sent = new Set<string>()
    /** What is new, and the playlist behind it, as an encoder on another machine writes them: in place and in pieces. */
    const mirror = async () => {
      const list = readPlaylist(join(local, 'out.m3u8'))
      const names = [...list.matchAll(/^out\d+\.ts$/gm)].map(([name]) => name).filter((name) => !sent.has(name))
      if (list === '' || !(await samba.put(local, [...names, 'out.m3u8']))) return
      for (const name of names) sent.add(name)
    }
    let isAway = false
    // Of a channel that is offline nobody is told what it was.
    let assetId: string | null = null
    while (encoder.running()) {
      await mirror()
      assetId ??= (await getChannel(server, 'smb')).assetId
      if (!isAway && sent.size >= 2) {
        isAway = true
        await samba.stop()
        await mirror()
        await samba.start()
      }
      await sleep(200)
    }
    await waitFor('the end of the playlist in the share', async () => {
      await mirror()
      assetId ??= (await getChannel(server, 'smb')).assetId
      return readPlaylist(join(folders.smb, 'out.m3u8')).includes('ENDLIST')
    })
    assert.notEqual(assetId, null)
    await assertReplay(server, assetId ?? '', pictures)
  })

  it('an address that is pulled: what nginx serves of ffmpeg', async () => {
    const to = join(folders.served, 'out.m3u8')
    // Asked in vain it is asked ever later, and of what is listed by then three target durations are read: the whole clip.
    const encoder = ffmpegHls({ to, seconds, type: 'fmp4', bFrames: 2, segment: 4 })
    const assetId = await live(server, 'pulled')
    assert.equal((await health('pulled')).encoder?.hls?.source, 'url')
    assert.equal((await encoder.exited).code, 0, encoder.output())
    await assertReplay(server, assetId, pictures)
  })

  it('an address that is pulled: the low-latency HLS of another Bandstand', async () => {
    const key = await owner.createChannel('origin')
    const source = `main=${server.http}/live/origin/index.m3u8`
    const edge = await startBandstand({ args: ['--hls-sources', source] })
    try {
      const encoder = ffmpegHls({ to: `${server.http}/ingest/hls/${key}/out.m3u8`, seconds, type: 'mpegts' })
      const assetId = await live(edge, 'main')
      const { encoder: facts } = await (await signIn(edge)).call<ChannelHealth>('GET', '/channels/main/health')
      assert.ok((facts?.hls?.parts ?? 0) > 0, 'it reads parts')
      assert.equal((await encoder.exited).code, 0, encoder.output())
      await assertReplay(edge, assetId, pictures)
    } finally {
      await edge.stop()
    }
  })
})

function readPlaylist(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
