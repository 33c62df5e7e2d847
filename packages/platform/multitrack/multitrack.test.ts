import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { multitrackConfig } from '@bandstand/contract/api/multitrack.ts'
import { startPlatform } from '../testing/start.ts'

/** As OBS 30.2 asks, shortened. */
function asked(key: string, more: object = {}) {
  return {
    service: 'IVS',
    schema_version: '2024-06-04',
    authentication: key,
    client: { name: 'obs-studio', version: '30.2.3', supported_codecs: ['h264', 'av1'] },
    capabilities: {
      cpu: { physical_cores: 8, logical_cores: 16, speed: 3600, name: 'CPU' },
      memory: { total: 1, free: 1 },
      system: { version: '22.04', name: 'Linux', build: 0, release: '', revision: 0, bits: 64, arm: false },
      gpu: [{ model: 'GPU', vendor_id: 4318, device_id: 1, dedicated_video_memory: 1, shared_system_memory: 1 }],
    },
    preferences: {
      vod_track_audio: false,
      ...{ width: 1280, height: 720, canvas_width: 1920, canvas_height: 1080 },
      framerate: { numerator: 30, denominator: 1 },
      ...more,
    },
  }
}

async function stage(t: TestContext) {
  const started = await startPlatform(t)
  const { key } = (await started.asOwner('GET', '/channels/main/key')).json()
  const ask = async (body: object) => {
    const reply = await started.app.inject({
      ...{ method: 'POST', url: '/api/v1/multitrack', payload: body },
      headers: { 'content-type': 'application/json', host: 'live.example:8080' },
    })
    assert.equal(reply.statusCode, 200, reply.body)
    return multitrackConfig.parse(reply.json())
  }
  return { ...started, key, ask }
}

test('OBS is told the ladder of the channel that its key is of', async (t) => {
  const { key, ask } = await stage(t)
  const config = await ask(asked(key))
  assert.equal(config.status?.result, 'success')
  assert.deepEqual(
    config.encoder_configurations.map(({ type, width, height, settings }) => [
      type,
      width,
      height,
      settings['bitrate'],
    ]),
    [
      ['jim_nvenc', 1280, 720, 2400],
      ['jim_nvenc', 854, 480, 1400],
      ['jim_nvenc', 640, 360, 800],
    ],
  )
  for (const { settings } of config.encoder_configurations) {
    assert.deepEqual(
      [settings['rate_control'], settings['keyint_sec'], settings['bf']],
      ['CBR', 2, 0],
      'renditions whose key frames stand together, and that real-time viewers take',
    )
  }
  assert.ok(config.ingest_endpoints.every(({ url_template: url }) => url.endsWith('/live/{stream_key}')))
  assert.ok(config.ingest_endpoints.length > 0)
  assert.deepEqual(config.audio_configurations, {
    live: [{ codec: 'aac', track_id: 1, channels: 2, settings: { bitrate: 160 } }],
  })
})

test('what newer versions of OBS say is understood: canvases, their encoders, the track for recordings', async (t) => {
  const { key, ask } = await stage(t)
  const config = await ask({
    authentication: key,
    client: { supported_encoders: ['obs_x264'] },
    preferences: {
      vod_track_audio: true,
      maximum_video_tracks: 2,
      canvases: [
        {
          width: 1920,
          height: 1080,
          canvas_width: 1920,
          canvas_height: 1080,
          framerate: { numerator: 60, denominator: 1 },
        },
      ],
    },
  })
  assert.deepEqual(
    config.encoder_configurations.map(({ type, height, framerate }) => [type, height, framerate]),
    [
      ['obs_x264', 1080, { numerator: 60, denominator: 1 }],
      ['obs_x264', 360, { numerator: 60, denominator: 2 }],
    ],
  )
  assert.equal(config.audio_configurations.vod?.length, 1)
})

test('a wrong key gets nothing but a reason that OBS shows', async (t) => {
  const { ask } = await stage(t)
  const config = await ask(asked('<wrong>'))
  assert.equal(config.status?.result, 'error')
  assert.match(config.status?.html_en_us ?? '', /wrong stream key/)
  assert.deepEqual([config.ingest_endpoints, config.encoder_configurations], [[], []])
})

test('what is not a request of OBS is refused', async (t) => {
  const { app } = await stage(t)
  for (const payload of [
    {},
    { authentication: 7 },
    asked('k', { width: -1 }),
    asked('k', { framerate: { numerator: 1 } }),
  ]) {
    const reply = await app.inject({ method: 'POST', url: '/api/v1/multitrack', payload })
    assert.equal(reply.statusCode, 400, JSON.stringify(payload))
  }
})

test('the studio gets what is pasted into OBS, and nobody else does', async (t) => {
  const { app, asOwner } = await stage(t)
  const url = '/channels/main/multitrack'
  assert.equal((await app.inject({ method: 'GET', url: `/api/v1${url}` })).statusCode, 401)
  const reply = await asOwner('GET', `${url}?height=720&frameRate=60&encoder=nvenc`)
  const config = multitrackConfig.parse(reply.json())
  assert.deepEqual(
    config.encoder_configurations.map(({ type, width, height }) => `${type} ${width}x${height}`),
    ['obs_nvenc_h264_tex 1280x720', 'obs_nvenc_h264_tex 854x480', 'obs_nvenc_h264_tex 640x360'],
  )
  assert.equal((await asOwner('GET', `${url}?encoder=none`)).statusCode, 400)
  assert.equal((await asOwner('GET', '/channels/none/multitrack')).statusCode, 404)
})
