import type { Advice } from '@bandstand/contract/api/health.ts'
import type { EncoderHealth } from '../ports.ts'

/** A key frame at least this often (ms) lets segments be cut at one, so that viewers join quickly. */
const KEY_FRAMES_GOOD = 4000
/**
 * Bits for each pixel of each frame between which H.264 falls apart as soon as something moves. Below the lower bound it is
 * no setting that is too low but a picture that needs no more: a slide, a test card, a clock. Nobody sets 200 kbit/s for 720p.
 */
const BITS_LOW = { from: 0.008, to: 0.02 } as const
/** Pixels from which that is pointed out: a smaller picture is small on purpose, and forgives more. */
const LARGE = 1280 * 720
/** Bits for each pixel of each frame above which viewers' lines suffer for nothing. */
const BITS_HIGH = 0.3
const BITRATE_HIGH = 10_000_000
/** Sample rates that every player takes (ISO 14496-3 has all of them, sound cards and Bluetooth do not). */
const AUDIO_RATES: readonly number[] = [32_000, 44_100, 48_000]
/** Units that cannot be read, from which on it is no accident. */
const MALFORMED_MANY = 16
/** Units that came damaged lately, and pictures left out for them: a second or so of what viewers should have seen. */
const DAMAGED_MANY = 16
/** Units without a configuration, some seconds of them: an encoder that is joined midway sends a few, up to its next key frame. */
const UNCONFIGURED_MANY = 256

/** Round trips that fit into a latency which gives a loss two chances to be mended, and some rest. */
const ROUND_TRIPS = 4
/** Packets before anything is said of their line: some seconds of a small stream. */
const LINE_PACKETS = 500
/** Shares of packets that came too late, and that were lost at first, from which on it is worth saying. */
const TOO_LATE = 0.0005
const LOSSY = 0.05

/** Audio tracks besides the first that there is room for. */
const FURTHER_SOUNDS = 7

/** Segments (ms) that make viewers late for nothing. */
const SEGMENTS_LONG = 6_000

/** What of the server counts, too. */
export interface Circumstances {
  /** Why the broadcast is not recorded though it should be, in sentences: no setting of the encoder, and yet nothing is fine. */
  readonly unrecorded?: string | undefined
  /** Viewers can watch by WebRTC. */
  readonly hasWebRtc: boolean
}

/** What to change in the encoder, most important first; one `fine` where there is nothing. */
export function adviseEncoder(health: EncoderHealth, { unrecorded, hasWebRtc }: Circumstances): Advice[] {
  const advice: Advice[] = []
  const add = (level: Advice['level'], code: Advice['code'], text: string) => advice.push({ level, code, text })
  const { video, audio } = health
  const isDamaged = health.damagedUnits >= DAMAGED_MANY

  if (unrecorded !== undefined) add('warning', 'not-recorded', unrecorded)
  if (video === null)
    add('hint', 'no-video', 'There is no video. If that is not meant, check the sources of your scene.')
  else adviseVideo(video, isDamaged, add)
  if (audio === null) add('hint', 'no-audio', 'There is no sound. If that is not meant, check the audio sources.')
  else if (!AUDIO_RATES.includes(audio.sampleRate))
    add('hint', 'audio-rate-odd', `The sound has ${audio.sampleRate} Hz; 48000 Hz (48 kHz) plays everywhere.`)
  if (audio !== null) adviseSoundCodec(health, audio, hasWebRtc, add)
  if (health.brought?.message)
    add('warning', 'renditions', `Of the renditions that the encoder makes: ${health.brought.message}.`)
  adviseSounds(health, add)
  if (health.timestampJumps > 0)
    add(
      'warning',
      'timestamps-jump',
      `The encoder's clock jumped ${times(health.timestampJumps)}. Viewers saw a short hitch each time; a busy computer or a source with its own clock does that.`,
    )
  if (health.reconnects > 2)
    add(
      'warning',
      'reconnects',
      `The connection was lost ${times(health.reconnects)} in this broadcast. Use a cable instead of Wi-Fi, or lower the bitrate.`,
    )
  if (isDamaged && !isTooLate(health.line))
    add(
      'warning',
      'stream-damaged',
      `The transport stream arrives damaged: packets are missing from it, and some ${health.damagedUnits} pictures or frames of sound of the last half minute are left out. Look at what feeds it before it is sent here, such as UDP, a tuner or a relay.`,
    )
  if (health.malformedUnits >= MALFORMED_MANY)
    add(
      'warning',
      'units-malformed',
      `More than ${health.malformedUnits - 1} pictures or frames of sound could not be read, and are left out. Set the encoder to H.264 (AVC with lengths, not Annex B) and AAC-LC, or try another one.`,
    )
  if (health.unconfiguredUnits >= UNCONFIGURED_MANY)
    add(
      'warning',
      'units-unconfigured',
      'Pictures or sound come without the settings that a decoder needs (the sequence header), and are left out. Stop and start the encoder; what passes a stream on must pass its beginning on too.',
    )
  if (health.line !== null) adviseLine(health.line, health.protocol === 'whip', add)
  if (health.hls !== null) adviseHls(health.hls, add)
  const order = { warning: 0, hint: 1, good: 2 }
  advice.sort((a, b) => order[a.level] - order[b.level])
  if (advice.length === 0) add('good', 'fine', 'Everything looks right.')
  return advice
}

/** Profiles of H.264 (profile_idc, Rec. H.264 annex A) with 10 bits, or with more colour than 4:2:0, as CODECS has them. */
const PROFILES_ODD: ReadonlyMap<string, string> = new Map([
  ['2c', 'CAVLC 4:4:4 Intra'],
  ['6e', 'High 10'],
  ['7a', 'High 4:2:2'],
  ['f4', 'High 4:4:4 Predictive'],
])

/** @param isDamaged pictures are missing: what is measured between those that came says nothing of the encoder's settings */
function adviseVideo(
  video: NonNullable<EncoderHealth['video']>,
  isDamaged: boolean,
  add: (level: Advice['level'], code: Advice['code'], text: string) => void,
): void {
  const { keyFrameInterval, frameRate, width, height, bitrate } = video
  const profile = PROFILES_ODD.get(/^avc[13]\.([0-9a-f]{2})/i.exec(video.codec)?.[1]?.toLowerCase() ?? '')
  if (profile !== undefined)
    add(
      'warning',
      'profile-not-everywhere',
      `The video is H.264 in the profile ${profile}, which phones, Safari and many other players do not show. Set the encoder to 8 bits and 4:2:0: yuv420p in ffmpeg, I420 in GStreamer, NV12 in OBS.`,
    )
  if (!isDamaged && keyFrameInterval !== null && keyFrameInterval > KEY_FRAMES_GOOD)
    add(
      'warning',
      'key-frames-far',
      `A key frame comes only every ${(keyFrameInterval / 1000).toFixed(1)} s, so viewers wait that long to join. In OBS set Settings → Output → Keyframe Interval to 2 s (the preset "0 = auto" is about 8 s).`,
    )
  if (video.bFrames)
    add(
      'hint',
      'b-frames',
      'The video has B-frames. For real-time viewers it has to be encoded again without them, which takes ffmpeg; turn them off (or tune for zero latency) to spare that, and for the lowest delay.',
    )
  if (!isDamaged && frameRate !== null && frameRate > 0 && frameRate < 20)
    add(
      'hint',
      'frame-rate-low',
      `There ${frameRate.toFixed(0) === '1' ? 'is only 1 frame' : `are only ${frameRate.toFixed(0)} frames`} a second. An overloaded computer does that; otherwise choose 30.`,
    )
  if (frameRate === null || frameRate <= 0 || bitrate <= 0) return
  const bits = bitrate / (width * height * frameRate)
  const megabits = `${(bitrate / 1_000_000).toFixed(1)} Mbit/s`
  const isH264 = /^avc[13]\./.test(video.codec)
  if (!isDamaged && isH264 && width * height >= LARGE && bits >= BITS_LOW.from && bits < BITS_LOW.to)
    add(
      'hint',
      'bitrate-low',
      `${megabits} is little for ${width}×${height} at ${frameRate.toFixed(0)} frames/s; what moves will look blocky. Raise the bitrate, or send a smaller picture.`,
    )
  if (bits > BITS_HIGH || bitrate > BITRATE_HIGH)
    add('hint', 'bitrate-high', `${megabits} is more than many viewers' lines carry; 2.5 to 6 Mbit/s suit most.`)
}

/** Sound that not every browser plays, by the beginning of what CODECS says. */
const NOT_EVERYWHERE: readonly (readonly [prefix: string, name: string])[] = [
  ['mp4a.40.34', 'MP3'],
  ['opus', 'Opus'],
  ['flac', 'FLAC'],
  ['ac-3', 'AC-3'],
  ['ec-3', 'E-AC-3'],
]

/** Whether WebRTC carries pictures and sound as they come: it does without ffmpeg then, to browsers that have no Opus otherwise. */
function isForWebRtc({ video }: EncoderHealth, { codec, channels }: NonNullable<EncoderHealth['audio']>): boolean {
  const isOpus = codec.toLowerCase() === 'opus' && channels <= 2
  return isOpus && video !== null && /^avc[13]\./.test(video.codec) && !video.bFrames
}

/** Of sound without AAC beside it, as there is none without ffmpeg. */
function adviseSoundCodec(
  health: EncoderHealth,
  audio: NonNullable<EncoderHealth['audio']>,
  hasWebRtc: boolean,
  add: (level: Advice['level'], code: Advice['code'], text: string) => void,
): void {
  const { sound: made } = health
  const name = NOT_EVERYWHERE.find(([prefix]) => audio.codec.toLowerCase().startsWith(prefix))?.[1]
  if (name === undefined) return
  const isHeard = hasWebRtc && isForWebRtc(health, audio)
  const level = isHeard ? 'hint' : 'warning'
  const silent = `viewers whose browser does not play ${name} ${isHeard ? 'are sent it by WebRTC, and hear nothing where that does not get through' : 'hear nothing'}`
  if (made === null)
    add(
      level,
      'audio-not-everywhere',
      `The sound is ${name}, and this server has no ffmpeg to make AAC of it: ${silent}. Install ffmpeg, or set the encoder to AAC.`,
    )
  else if (made.message !== null && (made.state === 'impossible' || made.state === 'failing'))
    add(
      level,
      'audio-not-everywhere',
      `The sound is ${name}, and no AAC comes of it (${made.message}): ${silent}. Set the encoder to AAC.`,
    )
}

/** Whether the line itself loses what viewers then miss. */
function isTooLate(line: EncoderHealth['line']): boolean {
  if (line === null) return false
  const all = line.packets + line.dropped
  return all >= LINE_PACKETS && line.dropped / all >= TOO_LATE
}

/**
 * What is too late is lost for viewers; what was sent again in time costs nothing but bits, as long as it is little.
 * @param isFixed the protocol leaves the latency to nobody (WebRTC).
 */
function adviseLine(
  line: NonNullable<EncoderHealth['line']>,
  isFixed: boolean,
  add: (level: Advice['level'], code: Advice['code'], text: string) => void,
): void {
  const { packets, lost, dropped, roundTrip, latency } = line
  const all = packets + dropped
  if (all < LINE_PACKETS) return
  const needed = ROUND_TRIPS * Math.max(roundTrip, 1)
  if (isTooLate(line)) {
    const share = percent(dropped / all)
    add(
      'warning',
      'line-too-late',
      latency < needed && !isFixed
        ? `${share} of packets arrive too late: raise the encoder's latency to at least ${ROUND_TRIPS} × the round trip, now ${round(needed)} ms (it is ${Math.round(latency)} ms).`
        : isFixed
          ? `${share} of packets are lost for good: lower the bitrate, or use a cable instead of Wi-Fi.`
          : `${share} of packets arrive too late, though the encoder's latency of ${Math.round(latency)} ms is enough for the round trip of ${Math.round(roundTrip)} ms: lower the bitrate, or use a cable instead of Wi-Fi.`,
    )
  } else if (lost / all >= LOSSY)
    add(
      'hint',
      'line-lossy',
      `${percent(lost / all)} of packets are lost and sent again in time. If that grows, ${isFixed ? '' : `raise the encoder's latency above ${Math.round(latency)} ms, or `}lower the bitrate.`,
    )
}

/** Audio tracks that viewers are not offered. */
function adviseSounds(
  { soundsLeftOut, furtherSounds }: EncoderHealth,
  add: (level: Advice['level'], code: Advice['code'], text: string) => void,
): void {
  if (soundsLeftOut > 0)
    add(
      'hint',
      'sounds-left-out',
      `${soundsLeftOut === 1 ? 'One audio track is' : `${soundsLeftOut} audio tracks are`} left out: there is room for ${1 + FURTHER_SOUNDS}, in AAC, Opus, MP3, AC-3, E-AC-3 or FLAC.`,
    )
  const others = furtherSounds.filter(({ state }) => state === 'other-codec').map(({ name }) => name)
  if (others.length > 0)
    add(
      'hint',
      'sounds-other-codec',
      `Most players are not offered ${others.join(', ')}: set all audio tracks to the codec of the first.`,
    )
}

/** Of HLS viewers see what is late or missing with the encoder's segments. */
function adviseHls(
  { trouble, lost, segments, parts, leftOut }: NonNullable<EncoderHealth['hls']>,
  add: (level: Advice['level'], code: Advice['code'], text: string) => void,
): void {
  if (trouble !== null) add('warning', 'hls-trouble', `Of the HLS that comes in: ${trouble}.`)
  if (lost > 0)
    add(
      'warning',
      'hls-lost',
      `${lost === 1 ? 'One segment' : `${lost} segments`} did not come, or could not be read. Let the encoder list at least 6 segments, keep those that it has just taken off the list, and look at its line.`,
    )
  if (parts === null && segments > SEGMENTS_LONG)
    add(
      'hint',
      'hls-segments-long',
      `Segments last up to ${Math.round(segments / 1000)} s, and viewers are that much later: set 2 s in the encoder (ffmpeg: -hls_time 2, with a key frame every 2 s).`,
    )
  if (leftOut > 0)
    add(
      'hint',
      'hls-left-out',
      `${leftOut === 1 ? 'One rendition is' : `${leftOut} renditions are`} left out: eight pictures and one sound are taken, of a ladder that a multivariant playlist lists.`,
    )
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0).replace(/\.0$/, '')} %`
}

/** Up to the next ten, as a person types it. */
function round(ms: number): number {
  return Math.ceil(ms / 10) * 10
}

function times(count: number): string {
  return count === 1 ? 'once' : `${count} times`
}
