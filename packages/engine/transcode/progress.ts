/** What ffmpeg says of itself now and then (`-progress`). */
export interface Progress {
  /** Of real time; `undefined` while it does not know. */
  readonly speed: number | undefined
}

/** Reads reports as they come through a pipe, in pieces of any size; a report ends with its line `progress=…`. */
export interface ProgressReader {
  /** The newest report that these bytes complete. */
  push(text: string): Progress | undefined
}

/** Of a line; more is not ffmpeg's. */
const LONGEST_LINE = 1_000

export function createProgressReader(): ProgressReader {
  let rest = ''
  let speed: number | undefined

  return {
    push(text) {
      let report: Progress | undefined
      const lines = (rest + text).split('\n')
      rest = (lines.pop() ?? '').slice(-LONGEST_LINE)
      for (const line of lines) {
        const at = line.indexOf('=')
        const value = line.slice(at + 1).trim()
        const figure = Number.parseFloat(value)
        switch (line.slice(0, at)) {
          case 'speed':
            speed = Number.isFinite(figure) ? figure : undefined
            break
          case 'progress':
            report = { speed }
            break
        }
      }
      return report
    },
  }
}
