import { spawn } from 'node:child_process'

/**
 * A picture that tells the time to a program: the wall clock of the moment a frame was made, as black and white blocks
 * in its top row, so that a page can say how old the picture it shows is. Real frames, really encoded.
 */

/** Bits of Unix milliseconds that are shown, lowest 32. */
const BITS = 32
/** Blocks that the picture is wide: they are large enough to survive the encoder. */
const BLOCKS = 40

export interface ClockPictureOptions {
  /** `rtmp://host:port/live/KEY`, or any ffmpeg output with `format`. */
  readonly url: string
  /** Lines of the picture, 720 unless it says so; it is 16:9. */
  readonly height?: number
  readonly frameRate?: number
  /** Frames between key frames. */
  readonly gop?: number
  readonly bFrames?: number
  /** Bits a second, as ffmpeg writes it. */
  readonly bitrate?: string
}

export interface ClockPicturePublisher {
  /** Unix ms at which the first frame was drawn: it becomes the first key frame. */
  readonly firstFrame: Promise<number>
  /** Says goodbye as an encoder does whose "stop" is pressed. */
  stop(): Promise<void>
  /** Ends without a word, as a crash does. */
  kill(): Promise<void>
}

/** Publishes the clock picture with a tone until stopped. */
export function publishClockPicture(options: ClockPictureOptions): ClockPicturePublisher {
  const { url, height = 720, frameRate = 30, gop = 60, bFrames = 0, bitrate = '2500k' } = options
  const width = (height / 9) * 16
  const args = [
    '-hide_banner',
    '-loglevel',
    'error',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    '-s',
    `${width}x${height}`,
  ]
  args.push('-r', String(frameRate), '-use_wallclock_as_timestamps', '1', '-i', 'pipe:0')
  args.push('-re', '-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000', '-map', '0:v', '-map', '1:a')
  args.push(
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-tune',
    'zerolatency',
    '-g',
    String(gop),
    '-keyint_min',
    String(gop),
  )
  args.push('-sc_threshold', '0', '-bf', String(bFrames), '-b:v', bitrate, '-maxrate', bitrate, '-bufsize', bitrate)
  args.push('-vsync', 'cfr', '-r', String(frameRate), '-c:a', 'aac', '-b:a', '128k', '-ar', '48000', '-f', 'flv', url)
  const child = spawn('ffmpeg', args, { stdio: ['pipe', 'ignore', 'inherit'] })
  const frame = Buffer.alloc((width * height * 3) / 2, 128)
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) frame[y * width + x] = 40 + ((x + y) >> 4)
  const { stdin } = child
  stdin.on('error', () => {})
  let next = performance.now()
  let count = 0
  const { promise: firstFrame, resolve: drawn } = Promise.withResolvers<number>()
  const timer = setInterval(() => {
    // A frame is drawn when its time has come; a pipe that is full skips it.
    if (performance.now() < next) return
    next += 1000 / frameRate
    if (stdin.writableLength > 0) return
    const now = Date.now()
    if (count === 0) drawn(now)
    draw(frame, width, now, count++)
    stdin.write(Buffer.from(frame))
  }, 4)
  const exited = new Promise<void>((done) => child.once('exit', () => done()))
  const end = async (signal: NodeJS.Signals) => {
    clearInterval(timer)
    stdin.end()
    child.kill(signal)
    await exited
  }
  return { firstFrame, stop: () => end('SIGTERM'), kill: () => end('SIGKILL') }
}

function draw(frame: Buffer, width: number, now: number, count: number): void {
  const low = now % 2 ** BITS
  const block = width / BLOCKS
  for (let bit = 0; bit < BITS; bit++) {
    const value = Math.floor(low / 2 ** bit) % 2 === 1 ? 235 : 16
    for (let y = 0; y < block; y++) frame.fill(value, y * width + bit * block, y * width + (bit + 1) * block)
  }
  // Something that moves, so that the encoder has work.
  const side = 4 * block
  const x = (count * 8) % (width - side)
  for (let y = 9 * block; y < 13 * block; y++) frame.fill((count * 5) % 220, y * width + x, y * width + x + side)
}

/**
 * Expression for the page: a function that, given a `<video>`, returns the age in ms of the frame it shows, or `undefined`
 * while there is none. Text, because it runs in the browser: `page.evaluate(`(${pictureAge})(document.querySelector('video'))`)`.
 */
export const pictureAge = `(video) => {
  if (!video || video.videoWidth === 0) return undefined
  const canvas = document.createElement('canvas')
  canvas.width = ${BITS}
  canvas.height = 1
  const context = canvas.getContext('2d', { willReadFrequently: true })
  const block = video.videoWidth / ${BLOCKS}
  context.drawImage(video, 0, block / 4, ${BITS} * block, block / 2, 0, 0, ${BITS}, 1)
  const { data } = context.getImageData(0, 0, ${BITS}, 1)
  let shown = 0
  for (let bit = ${BITS - 1}; bit >= 0; bit--) shown = shown * 2 + (data[bit * 4] > 125 ? 1 : 0)
  return ((Date.now() % 2 ** 32) - shown + 2 ** 32) % 2 ** 32
}`
