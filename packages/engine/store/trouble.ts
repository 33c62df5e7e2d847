/** What the studio says about a disk that does not take the recording. */
export function describeTrouble(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return 'The disk is full: recording has stopped, the live stream goes on. Free some space or lower the limit for recordings.'
    case 'EROFS':
    case 'EACCES':
    case 'EPERM':
      return `The data folder cannot be written (${code}): recording has stopped, the live stream goes on. Check the folder's permissions and that its disk is not mounted read-only.`
    case 'ENOENT':
      return 'The data folder has gone: recording has stopped, the live stream goes on. Check that its disk is mounted.'
    case undefined:
      return 'The recording cannot be written; the live stream goes on.'
    default:
      return `The disk reports an error (${code}): recording has stopped, the live stream goes on.`
  }
}

export const HUNG =
  'The disk does not answer: recording has stopped, the live stream goes on. It resumes by itself when the disk is back.'

export const LOW_SPACE =
  'The disk is almost full and no recording is left to delete: recording has stopped, the live stream goes on. Free some space.'

export const SWITCHED_OFF = 'Recording is switched off for this channel.'

export const BEHIND = 'The disk is too slow: parts of the recording are missing, the live stream goes on.'

export const RESTLESS =
  'The encoder has reconnected more often than one recording can hold: recording has stopped, the live stream goes on. The next broadcast is recorded again.'
