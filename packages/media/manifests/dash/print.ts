import { duration, escaped, frameRate, instant, tag } from './attributes.ts'
import type { AdaptationSet, Mpd, Period, Representation, SegmentTemplate, TimelineRun } from './model.ts'

/** Profile of live and on-demand presentations of templates and timelines (ISO/IEC 23009-1 8.4). */
const PROFILE = 'urn:mpeg:dash:profile:isoff-live:2011'
/** Clock in the form of `xs:dateTime` by HTTP (5.8.5.7, table 33). */
const CLOCK = 'urn:mpeg:dash:utc:http-xsdate:2014'
/** Speaker positions by number (5.8.5.4; ISO/IEC 23091-3 clause 6.2). */
const CHANNELS = 'urn:mpeg:mpegB:cicp:ChannelConfiguration'
/** Roles of adaptation sets (5.8.5.5). */
const ROLE = 'urn:mpeg:dash:role:2011'
/** Numbers there that are not those of channels. */
const CHANNEL_NUMBERS: Readonly<Record<number, number>> = { 7: 11, 8: 12 }

/**
 * Prints an MPD (ISO/IEC 23009-1 5.3.1), one element a line, every line ended by LF. The same value always gives the same
 * bytes. Elements come in the order that the schema demands (annex B).
 *
 * @throws MediaError `malformed` where a text cannot stand in XML.
 */
export function printMpd(mpd: Mpd): string {
  const dynamic = mpd.type === 'dynamic'
  let out = '<?xml version="1.0" encoding="UTF-8"?>\n'
  out += tag('MPD', {
    xmlns: 'urn:mpeg:dash:schema:mpd:2011',
    profiles: PROFILE,
    type: mpd.type,
    availabilityStartTime: dynamic ? instant(mpd.availabilityStartTime) : undefined,
    publishTime: instant(mpd.publishTime),
    minimumUpdatePeriod: duration(mpd.minimumUpdatePeriod),
    mediaPresentationDuration: duration(mpd.mediaPresentationDuration),
    minBufferTime: duration(mpd.minBufferTime),
    timeShiftBufferDepth: duration(mpd.timeShiftBufferDepth),
    suggestedPresentationDelay: duration(mpd.suggestedPresentationDelay),
    maxSegmentDuration: duration(mpd.maxSegmentDuration),
  })
  if (mpd.latency !== undefined) {
    const { target, max, minRate, maxRate } = mpd.latency
    out += `${tag('ServiceDescription', { id: 0 })}${tag('Latency', { target, max }, true)}`
    out += `${tag('PlaybackRate', { min: minRate, max: maxRate }, true)}</ServiceDescription>\n`
  }
  for (const period of mpd.periods) out += printPeriod(period)
  if (mpd.clockUri !== undefined) out += tag('UTCTiming', { schemeIdUri: CLOCK, value: mpd.clockUri }, true)
  return `${out}</MPD>\n`
}

function printPeriod({ id, start, duration: length, sets }: Period): string {
  let out = tag('Period', { id, start: duration(start), duration: duration(length) })
  for (const set of sets) out += printSet(set)
  return `${out}</Period>\n`
}

function printSet(set: AdaptationSet): string {
  const { id, kind, language, selectionPriority, role, label, template, representations } = set
  // Segments of all representations begin at the same times, by one cut list (5.3.3.2).
  let out = tag('AdaptationSet', {
    ...{ id, lang: language, contentType: kind, mimeType: `${kind}/mp4`, segmentAlignment: 'true' },
    selectionPriority,
  })
  if (label !== undefined) out += `<Label>${escaped(label)}</Label>\n`
  if (role !== undefined) out += tag('Role', { schemeIdUri: ROLE, value: role }, true)
  out += printTemplate(template)
  for (const representation of representations) out += printRepresentation(representation)
  return `${out}</AdaptationSet>\n`
}

function printTemplate({ timeline, ...template }: SegmentTemplate): string {
  const { timescale, presentationTimeOffset, availabilityTimeOffset, initialization, media } = template
  let out = tag('SegmentTemplate', {
    ...{ timescale, presentationTimeOffset, availabilityTimeOffset },
    availabilityTimeComplete: availabilityTimeOffset === undefined ? undefined : 'false',
    ...{ initialization, media },
  })
  out += '<SegmentTimeline>\n'
  let end: number | undefined
  for (const run of timeline) {
    out += printRun(run, end)
    end = run.start + run.duration * run.count
  }
  return `${out}</SegmentTimeline>\n</SegmentTemplate>\n`
}

/**
 * Numbers alone, so nothing is escaped: a day of a running broadcast has 86,000 of these, printed anew with each segment.
 *
 * @param end of the run before: a start that follows from it is left out (5.3.9.6.2).
 */
function printRun({ start, duration: d, count }: TimelineRun, end: number | undefined): string {
  const t = start === end ? '' : ` t="${start}"`
  const r = count > 1 ? ` r="${count - 1}"` : ''
  return `<S${t} d="${d}"${r}/>\n`
}

function printRepresentation({ id, bandwidth, codecs, template, video, audio }: Representation): string {
  const attributes = {
    id,
    bandwidth: Math.max(1, Math.ceil(bandwidth)),
    codecs,
    width: video?.width,
    height: video?.height,
    frameRate: frameRate(video?.frameRate),
    sar: video === undefined ? undefined : video.sampleAspectRatio.join(':'),
    audioSamplingRate: audio?.sampleRate,
  }
  if (audio === undefined && template === undefined) return tag('Representation', attributes, true)
  const value = audio && (CHANNEL_NUMBERS[audio.channels] ?? audio.channels)
  const channels = audio && tag('AudioChannelConfiguration', { schemeIdUri: CHANNELS, value }, true)
  const segments = template && printTemplate(template)
  return `${tag('Representation', attributes)}${channels ?? ''}${segments ?? ''}</Representation>\n`
}
