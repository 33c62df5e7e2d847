import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ladderArguments, trialArguments } from './arguments.ts'
import type { Encoder, SourceFacts } from './model.ts'
import { planRungs } from './rungs.ts'

const source: SourceFacts = {
  ...{ width: 1280, height: 720, sampleAspectRatio: [1, 1], frameRate: 30, interlaced: false },
}
const settings = [{ height: 360, bitrate: 800_000, frameRate: 30 }]

function vector(facts: Partial<SourceFacts> = {}, rungs = settings, encoder: Encoder = 'x264') {
  const whole = { ...source, ...facts }
  return ladderArguments({ source: whole, rungs: planRungs(whole, rungs), encoder, preset: 'veryfast' })
}

/** What stands behind `-filter_complex`. */
const graph = (args: readonly string[]) => args[args.indexOf('-filter_complex') + 1]

test('one rung by x264: the whole vector', () => {
  assert.deepEqual(vector(), [
    ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-protocol_whitelist', 'pipe', '-max_pixels', '35651584'],
    ...['-progress', 'pipe:3', '-stats_period', '1'],
    ...['-threads', '1', '-probesize', '32', '-analyzeduration', '0', '-copyts'],
    ...['-noautorotate', '-f', 'mp4', '-i', 'pipe:0'],
    ...['-filter_complex', '[0:v:0]split=1[s0];[s0]scale=640:360:out_range=tv,setsar=1,format=yuv420p[r0]'],
    ...['-map', '[r0]', '-c:v', 'libx264', '-preset', 'veryfast', '-tune', 'zerolatency', '-profile:v', 'high'],
    ...['-level:v', '30', '-bf', '0', '-sc_threshold', '0', '-forced-idr', '1', '-x264-params', 'fps=30000/1000'],
    ...['-b:v', '800000', '-maxrate', '880000', '-bufsize', '800000', '-g', '30', '-force_key_frames', 'source'],
    ...['-fps_mode', 'passthrough', '-enc_time_base', '1:90000', '-video_track_timescale', '90000'],
    ...['-avoid_negative_ts', 'disabled', '-use_editlist', '0'],
    ...['-movflags', 'empty_moov+default_base_moof+frag_every_frame+frag_discont+skip_trailer', '-flush_packets', '1'],
    ...['-f', 'mp4', 'pipe:4'],
  ])
})

test('further rungs share the input and write to pipes of their own', () => {
  const args = vector({ width: 1920, height: 1080 }, [
    { height: 720, bitrate: 2_800_000, frameRate: 60 },
    { height: 480, bitrate: 1_400_000, frameRate: 30 },
  ])
  assert.equal(
    graph(args),
    '[0:v:0]split=2[s0][s1];[s0]scale=1280:720:out_range=tv,setsar=1,format=yuv420p[r0];' +
      '[s1]scale=854:480:out_range=tv,setsar=1,format=yuv420p[r1]',
  )
  assert.deepEqual(
    args.filter((_, i) => args[i - 1] === '-map' || args[i - 1] === 'mp4'),
    ['-i', '[r0]', 'pipe:4', '[r1]', 'pipe:5'],
  )
})

test('key frames begin parts, three of them apart', () => {
  const distances = [24_000 / 1001, 25, 30_000 / 1001, 30, 60].map((frameRate) => {
    const args = vector({ frameRate }, [{ height: 360, bitrate: 800_000, frameRate: 60 }])
    return args[args.indexOf('-g') + 1]
  })
  assert.deepEqual(distances, ['24', '24', '30', '30', '60'])
})

test('twice as many frames as a rung may have: every other one, and each key frame', () => {
  assert.equal(
    graph(vector({ frameRate: 59.94 })),
    "[0:v:0]split=1[s0];[s0]select='key+isnan(prev_selected_t)+gte(t-prev_selected_t,0.025025)'," +
      'scale=640:360:out_range=tv,setsar=1,format=yuv420p[r0]',
  )
})

test('what was made already is decoded and no more, for each rung by itself and before frames are left out', () => {
  const rungs = planRungs({ ...source, frameRate: 60 }, [
    { height: 480, bitrate: 1_400_000, frameRate: 60 },
    { height: 360, bitrate: 800_000, frameRate: 30 },
  ])
  const command = { source: { ...source, frameRate: 60 }, rungs, encoder: 'x264', preset: 'veryfast' } as const
  // Of times as ffmpeg is given them, and half a tick more.
  const args = ladderArguments({ ...command, after: new Map([[1, 90_000]]) })
  assert.equal(
    graph(args),
    '[0:v:0]split=2[s0][s1];[s0]scale=854:480:out_range=tv,setsar=1,format=yuv420p[r0];' +
      "[s1]select='gt(t,6.000006)',select='key+isnan(prev_selected_t)+gte(t-prev_selected_t,0.025000)'," +
      'scale=640:360:out_range=tv,setsar=1,format=yuv420p[r1]',
  )
})

test('interlaced pictures are deinterlaced once, before the rungs part', () => {
  assert.equal(
    graph(vector({ interlaced: true })),
    '[0:v:0]yadif=mode=send_frame:deint=interlaced,split=1[s0];' +
      '[s0]scale=640:360:out_range=tv,setsar=1,format=yuv420p[r0]',
  )
})

test('colours that are assumed are said, once, before the rungs part', () => {
  assert.equal(
    graph(vector({ assumed: 'bt709' })),
    '[0:v:0]setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709,split=1[s0];' +
      '[s0]scale=640:360:out_range=tv,setsar=1,format=yuv420p[r0]',
  )
})

for (const [hdr, transfer] of [
  ['pq', 'smpte2084'],
  ['hlg', 'arib-std-b67'],
] as const) {
  test(`high dynamic range (${hdr}) is mapped to BT.709 at the rung's size`, () => {
    assert.equal(
      graph(vector({ hdr })),
      `[0:v:0]split=1[s0];[s0]setparams=color_primaries=bt2020:color_trc=${transfer}:colorspace=bt2020nc,` +
        'scale=640:360,zscale=t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,' +
        'tonemap=tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv,setsar=1,format=yuv420p[r0]',
    )
  })
}

/** Of each: what goes before the input, the last filter, and the options of an output that come before the rates. */
const hardware: readonly (readonly [Encoder, readonly string[], string, readonly string[]])[] = [
  [
    'nvenc',
    [],
    'format=yuv420p',
    [
      ...['-c:v', 'h264_nvenc', '-preset', 'p4', '-tune', 'll', '-profile:v', 'high', '-level:v', '30'],
      ...['-rc', 'vbr', '-bf', '0', '-no-scenecut', '1', '-forced-idr', '1', '-delay', '0'],
    ],
  ],
  [
    'qsv',
    [],
    'format=nv12',
    [
      ...['-c:v', 'h264_qsv', '-preset', 'veryfast', '-profile:v', 'high', '-level:v', '30'],
      ...['-bf', '0', '-forced_idr', '1', '-async_depth', '1', '-look_ahead', '0'],
    ],
  ],
  [
    'vaapi',
    ['-vaapi_device', '/dev/dri/renderD128'],
    'format=nv12,hwupload',
    ['-c:v', 'h264_vaapi', '-rc_mode', 'VBR', '-profile:v', 'high', '-level:v', '30', '-bf', '0'],
  ],
  // It takes neither profile nor level.
  ['v4l2m2m', [], 'format=yuv420p', ['-c:v', 'h264_v4l2m2m', '-bf', '0', '-num_capture_buffers', '16']],
  [
    'videotoolbox',
    [],
    'format=nv12',
    ['-c:v', 'h264_videotoolbox', '-realtime', '1', '-profile:v', 'high', '-level:v', '30', '-bf', '0'],
  ],
]

for (const [encoder, device, filter, options] of hardware) {
  // `level_idc`: "3.0" is a name to none but one of them, and a level of 0.3 to the others.
  test(`one rung by ${encoder}: the whole vector`, () => {
    assert.deepEqual(vector({}, settings, encoder), [
      ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-protocol_whitelist', 'pipe', '-max_pixels', '35651584'],
      ...['-progress', 'pipe:3', '-stats_period', '1', ...device],
      ...['-threads', '1', '-probesize', '32', '-analyzeduration', '0', '-copyts'],
      ...['-noautorotate', '-f', 'mp4', '-i', 'pipe:0'],
      ...['-filter_complex', `[0:v:0]split=1[s0];[s0]scale=640:360:out_range=tv,setsar=1,${filter}[r0]`],
      ...['-map', '[r0]', ...options],
      ...['-b:v', '800000', '-maxrate', '880000', '-bufsize', '800000', '-g', '30', '-force_key_frames', 'source'],
      ...['-fps_mode', 'passthrough', '-enc_time_base', '1:90000', '-video_track_timescale', '90000'],
      ...['-avoid_negative_ts', 'disabled', '-use_editlist', '0'],
      ...[
        '-movflags',
        'empty_moov+default_base_moof+frag_every_frame+frag_discont+skip_trailer',
        '-flush_packets',
        '1',
      ],
      ...['-f', 'mp4', 'pipe:4'],
    ])
  })
}

test('a trial encodes grey pictures from its standard input as a ladder would', () => {
  const args = trialArguments('x264')
  assert.deepEqual(args.slice(args.indexOf('rawvideo') - 1, args.indexOf('-filter_complex')), [
    ...['-f', 'rawvideo', '-pix_fmt', 'gray', '-video_size', '640x360', '-framerate', '30', '-i', 'pipe:0'],
  ])
  const whole = vector()
  assert.deepEqual(args.slice(args.indexOf('-fps_mode')), whole.slice(whole.indexOf('-fps_mode')))
})
