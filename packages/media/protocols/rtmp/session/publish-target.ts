/**
 * Where an encoder wants to publish, from what different encoders put into `app`, `tcUrl` and the stream name:
 *
 * | sent by | app | name |
 * |---|---|---|
 * | OBS, ffmpeg, GStreamer, vMix | `live` | `KEY` |
 * | Wirecast, with a trailing slash in the address | `live/` | `KEY` |
 * | hardware encoders with one field for everything | `live/KEY` | empty, or `KEY` again |
 * | Larix, FMLE with options | `live` | `KEY?option=value` |
 * | ffmpeg with `-rtmp_app ""` | empty, `tcUrl` ends in `/live` | `KEY` |
 */
export interface PublishApp {
  /** First part of the path: the application. */
  readonly app: string
  /** Key that came with the application, empty where there was none. */
  readonly key: string
}

/** Application and, where it is there, key from `connect`. */
export function parseApp(app: string, tcUrl: string): PublishApp {
  const path = stripped(app) === '' ? tcUrlPath(tcUrl) : app
  const [name = '', ...rest] = stripped(path).split('/')
  const fromApp = rest.join('/')
  return { app: name, key: fromApp === '' && stripped(app) !== '' ? keyBehind(name, tcUrlPath(tcUrl)) : fromApp }
}

/** The key to publish under: the stream name, or the key that came with the application where the name is empty. */
export function parseKey(name: string, connected: PublishApp): string {
  const stripedName = stripped(name)
  const bare = stripedName.startsWith(`${connected.app}/`)
    ? stripped(stripedName.slice(connected.app.length + 1))
    : stripedName
  return bare === '' ? connected.key : bare
}

/** `rtmp://host:port/live/KEY` → `live/KEY`. */
function tcUrlPath(tcUrl: string): string {
  const match = /^[a-z]+:\/\/[^/]*\/(.*)$/i.exec(tcUrl)
  return stripped(match?.[1] ?? '')
}

function keyBehind(app: string, path: string): string {
  return path.startsWith(`${app}/`) ? stripped(path.slice(app.length + 1)) : ''
}

/** Without query, surrounding slashes and blanks (pasted keys often end in one). */
function stripped(text: string): string {
  const query = text.indexOf('?')
  const path = (query < 0 ? text : text.slice(0, query)).trim()
  let start = 0
  let end = path.length
  while (start < end && path[start] === '/') start++
  while (end > start && path[end - 1] === '/') end--
  return path.slice(start, end)
}
