/** Cameras and microphones, and why there are none. */
export interface Devices {
  readonly cameras: readonly MediaDeviceInfo[]
  readonly microphones: readonly MediaDeviceInfo[]
}

/** Why the browser gives nothing, in words for people; `undefined` where it may. */
export function whyNoDevices(secure: boolean, media: MediaDevices | undefined): string | undefined {
  if (!secure) {
    return 'Browsers give a page the camera only over https, or on the computer that the server runs on. Open the studio by its https address.'
  }
  return media?.getUserMedia === undefined ? 'This browser has no camera and no microphone for pages.' : undefined
}

/** What is there; names are empty before the browser was allowed to use any. */
export async function listDevices(media: Pick<MediaDevices, 'enumerateDevices'>): Promise<Devices> {
  const all = await media.enumerateDevices()
  const of = (kind: MediaDeviceKind) => all.filter((one) => one.kind === kind && one.deviceId !== '')
  return { cameras: of('videoinput'), microphones: of('audioinput') }
}

/** @param what was asked for, as people call it: `camera`, `microphone`, `screen`. */
export function whyRefused(error: unknown, what: string): string {
  const name = error instanceof Error || error instanceof DOMException ? error.name : ''
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return what === 'screen'
        ? 'No screen was chosen. Press “Share a screen” again, and choose one.'
        : `The browser does not let this page use the ${what}. Allow it beside the address of the page, or in the settings of the browser, then try again.`
    case 'NotFoundError':
    case 'DevicesNotFoundError':
      return `No ${what} was found. Connect one, then try again.`
    case 'NotReadableError':
    case 'TrackStartError':
      return `The ${what} cannot be used just now: another program may have it. Close that, then try again.`
    case 'OverconstrainedError':
      return `The ${what} that was chosen is not there any more. Choose another.`
    default:
      return `The ${what} could not be turned on.`
  }
}
