import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MediaError } from '../../error.ts'
import { duration, frameRate } from './attributes.ts'
import type { AdaptationSet, Mpd } from './model.ts'
import { printMpd } from './print.ts'

const sets: readonly AdaptationSet[] = [
  {
    id: 1,
    kind: 'video',
    template: {
      timescale: 90_000,
      presentationTimeOffset: 180_000,
      initialization: 'as_1/v1/i0.mp4',
      media: 'as_1/$RepresentationID$/t1767323047000-$Time$.m4s',
      timeline: [
        { start: 180_000, duration: 180_000, count: 3 },
        { start: 720_000, duration: 90_000, count: 1 },
        { start: 990_000, duration: 180_000, count: 1 },
      ],
    },
    representations: [
      {
        id: 'v1',
        bandwidth: 2_500_000.4,
        codecs: 'avc1.64001f',
        video: { width: 720, height: 576, sampleAspectRatio: [16, 15], frameRate: 29.97 },
      },
    ],
  },
  {
    id: 2,
    kind: 'audio',
    template: {
      timescale: 48_000,
      presentationTimeOffset: 96_000,
      initialization: 'as_1/a2/i0.mp4',
      media: 'as_1/$RepresentationID$/t1767323047000-$Time$.m4s',
      timeline: [{ start: 96_000, duration: 96_256, count: 1 }],
    },
    representations: [
      { id: 'a2', bandwidth: 128_000, codecs: 'mp4a.40.2', audio: { sampleRate: 48_000, channels: 8 } },
    ],
  },
]

const live: Mpd = {
  type: 'dynamic',
  availabilityStartTime: Date.UTC(2026, 0, 2, 3, 4, 5),
  publishTime: Date.UTC(2026, 0, 2, 3, 5, 5, 678),
  minimumUpdatePeriod: 2,
  minBufferTime: 2,
  timeShiftBufferDepth: 60,
  suggestedPresentationDelay: 10,
  maxSegmentDuration: 4,
  latency: { target: 10_000, max: 20_000, minRate: 0.96, maxRate: 1.04 },
  periods: [{ id: '3', start: 2.000011, sets }],
  clockUri: 'time',
}

test('prints a live presentation: starts only where they do not follow, repeats counted, elements in the order of the schema', () => {
  assert.equal(
    printMpd(live),
    `<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic" availabilityStartTime="2026-01-02T03:04:05.000Z" publishTime="2026-01-02T03:05:05.678Z" minimumUpdatePeriod="PT2S" minBufferTime="PT2S" timeShiftBufferDepth="PT60S" suggestedPresentationDelay="PT10S" maxSegmentDuration="PT4S">
<ServiceDescription id="0">
<Latency target="10000" max="20000"/>
<PlaybackRate min="0.96" max="1.04"/>
</ServiceDescription>
<Period id="3" start="PT2.000011S">
<AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true">
<SegmentTemplate timescale="90000" presentationTimeOffset="180000" initialization="as_1/v1/i0.mp4" media="as_1/$RepresentationID$/t1767323047000-$Time$.m4s">
<SegmentTimeline>
<S t="180000" d="180000" r="2"/>
<S d="90000"/>
<S t="990000" d="180000"/>
</SegmentTimeline>
</SegmentTemplate>
<Representation id="v1" bandwidth="2500001" codecs="avc1.64001f" width="720" height="576" frameRate="30000/1001" sar="16:15"/>
</AdaptationSet>
<AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" segmentAlignment="true">
<SegmentTemplate timescale="48000" presentationTimeOffset="96000" initialization="as_1/a2/i0.mp4" media="as_1/$RepresentationID$/t1767323047000-$Time$.m4s">
<SegmentTimeline>
<S t="96000" d="96256"/>
</SegmentTimeline>
</SegmentTemplate>
<Representation id="a2" bandwidth="128000" codecs="mp4a.40.2" audioSamplingRate="48000">
<AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="12"/>
</Representation>
</AdaptationSet>
</Period>
<UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-xsdate:2014" value="time"/>
</MPD>
`,
  )
})

test('a replay has a duration and no wall clock', () => {
  const text = printMpd({
    type: 'static',
    mediaPresentationDuration: 7_200.5,
    minBufferTime: 2,
    maxSegmentDuration: 4,
    periods: [{ id: '0', start: 0, duration: 7_200.5, sets: [] }],
  })
  assert.match(text, /<MPD [^>]*type="static" mediaPresentationDuration="PT7200.5S" minBufferTime="PT2S"/)
  assert.match(text, /<Period id="0" start="PT0S" duration="PT7200.5S">/)
  assert.doesNotMatch(text, /availability|publishTime|minimumUpdatePeriod|UTCTiming|ServiceDescription/)
})

test('durations have no exponent and frame rates are whole or fractions', () => {
  assert.deepEqual([0, 1e-7, 100, 1e9 + 0.25].map(duration), ['PT0S', 'PT0S', 'PT100S', 'PT1000000000.25S'])
  assert.deepEqual([30, 23.976, 59.94, 12.5, 0].map(frameRate), [
    '30',
    '24000/1001',
    '60000/1001',
    '12500/1000',
    undefined,
  ])
})

test('a text is escaped, and refused where XML has no place for it', () => {
  assert.match(printMpd({ ...live, clockUri: 'a?b&"<' }), /value="a\?b&amp;&quot;&lt;"/)
  assert.throws(() => printMpd({ ...live, clockUri: 'a\nb' }), MediaError)
})

test('segments that may be asked for while they are made say how early, and that they are not whole then', () => {
  const early = sets.map((set) => ({ ...set, template: { ...set.template, availabilityTimeOffset: 1.6 } }))
  assert.match(
    printMpd({ ...live, periods: [{ id: '0', start: 0, sets: early }] }),
    /presentationTimeOffset="180000" availabilityTimeOffset="1.6" availabilityTimeComplete="false" initialization=/,
  )
  assert.doesNotMatch(printMpd(live), /availabilityTime(Offset|Complete)/)
})
