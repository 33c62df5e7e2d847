import { whyRefused } from './devices.ts'
import { FRAME_RATE, type PictureSize } from './sizes.ts'

/** What pictures are of. */
export type PictureSource = 'camera' | 'screen' | 'none'

export interface SourceChoice {
  readonly picture: PictureSource
  /** Device ids; empty for the browser's own choice. */
  readonly camera: string
  readonly microphone: string
  readonly withSound: boolean
  readonly size: PictureSize
}

export interface Sources {
  readonly video: MediaStreamTrack | undefined
  readonly audio: MediaStreamTrack | undefined
  /** What could not be turned on, and why. */
  readonly faults: readonly string[]
}

export type SourceBrowser = Pick<MediaDevices, 'getUserMedia' | 'getDisplayMedia'>

/** Turns on what was chosen; a camera that is not there leaves the microphone, and the other way round. */
export async function openSources(choice: SourceChoice, media: SourceBrowser): Promise<Sources> {
  const faults: string[] = []
  async function first(what: string, open: () => Promise<MediaStream>): Promise<MediaStreamTrack | undefined> {
    try {
      return (await open()).getTracks()[0]
    } catch (error) {
      faults.push(whyRefused(error, what))
      return undefined
    }
  }
  const { width, height } = choice.size
  // A screen first: browsers open its choice only right after a press.
  const screen =
    choice.picture === 'screen'
      ? await first('screen', () =>
          media.getDisplayMedia({
            video: { width: { max: width }, height: { max: height }, frameRate: FRAME_RATE },
            audio: false,
          }),
        )
      : undefined
  if (screen) screen.contentHint = 'detail'
  const camera =
    choice.picture === 'camera'
      ? await first('camera', () =>
          media.getUserMedia({
            video: {
              ...(choice.camera !== '' && { deviceId: { exact: choice.camera } }),
              ...{ width: { ideal: width }, height: { ideal: height }, frameRate: { ideal: FRAME_RATE } },
            },
          }),
        )
      : undefined
  const audio = choice.withSound
    ? await first('microphone', () =>
        media.getUserMedia({ audio: choice.microphone === '' ? true : { deviceId: { exact: choice.microphone } } }),
      )
    : undefined
  return { video: screen ?? camera, audio, faults }
}
