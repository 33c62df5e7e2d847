import type { Log } from '../ports.ts'
import type { WriterState } from './port.ts'
import { SWITCHED_OFF } from './trouble.ts'

/** Tells log and studio when recording stops and when it goes on, once each. */
export interface WriterReport {
  readonly state: WriterState
  /** Something may have changed. */
  look(): void
  /** The broadcast is over, and with it whatever was wrong. */
  end(): void
}

export interface WriterReportOptions {
  readonly assetId: string
  readonly log: Log
  readonly onState: (state: WriterState) => void
  /** Why nothing is recorded now. */
  readonly reason: () => string | undefined
  readonly droppedParts: () => number
}

export function createWriterReport({ assetId, log, onState, reason, droppedParts }: WriterReportOptions): WriterReport {
  let said = reason()

  function stateFor(why: string | undefined): WriterState {
    return why === undefined
      ? { recording: true, droppedParts: droppedParts() }
      : { recording: false, reason: why, droppedParts: droppedParts() }
  }

  return {
    get state() {
      return stateFor(reason())
    },
    look() {
      const why = reason()
      if (why === said) return
      said = why
      const fields = { assetId, dropped: droppedParts() }
      if (why === undefined) log.info(fields, 'recording again')
      else if (why !== SWITCHED_OFF) log.warn(fields, why)
      onState(stateFor(why))
    },
    end() {
      if (said !== undefined && said !== SWITCHED_OFF) onState({ recording: false, droppedParts: droppedParts() })
    },
  }
}
