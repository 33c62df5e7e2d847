import { sameBytes } from '../../bytes/bytes.ts'
import { MediaError } from '../../error.ts'
import type { MpegTsLimits } from './limits.ts'
import { PAT_PID, PAT_TABLE, parsePat } from './pat.ts'
import { type MapEntry, PMT_TABLE, parsePmt } from './pmt.ts'
import { parseSection, type Section, SectionAssembler } from './section.ts'
import { kindOf } from './stream-type.ts'

/** How often the association table is repeated before a programme is taken although maps of earlier ones are missing. */
const PATIENCE = 3

interface ProgramState {
  readonly number: number
  readonly mapPid: number
  /** The map's section, to tell a change from a repetition. */
  body?: Uint8Array
  streams?: readonly MapEntry[]
}

export interface TablesEvents {
  /** Another programme is taken, or the streams of the one that is taken have changed. */
  onProgram(number: number, programs: number, streams: readonly MapEntry[]): void
  /** PIDs that have tables now. */
  onTablePids(pids: ReadonlySet<number>): void
  onBadTable(): void
  onChange(): void
}

/** PAT and PMTs: which programme is taken, and of which streams it is. The first one that has media is taken, and kept while it is there. */
export class Tables {
  readonly #limits: Pick<MpegTsLimits, 'programs' | 'streams'>
  readonly #events: TablesEvents
  /** By PID. */
  readonly #assemblers = new Map<number, SectionAssembler>([[PAT_PID, new SectionAssembler()]])
  #version = -1
  /** Sections of the association table of this version, by number. */
  #associations = new Map<number, Uint8Array>()
  #programs: readonly ProgramState[] = []
  /** Repetitions of the association table since its last change. */
  #repeats = 0
  #current: number | undefined

  constructor(limits: Pick<MpegTsLimits, 'programs' | 'streams'>, events: TablesEvents) {
    this.#limits = limits
    this.#events = events
  }

  push(pid: number, payload: Uint8Array, start: boolean): void {
    const bad = this.#assemblers.get(pid)?.push(payload, start, (bytes) => this.#onSection(pid, bytes))
    if (bad !== undefined && bad > 0) this.#events.onBadTable()
  }

  lose(pid: number): void {
    this.#assemblers.get(pid)?.lose()
  }

  #onSection(pid: number, bytes: Uint8Array): void {
    // Other tables may share the PID of a map; their forms are not known here.
    const wanted = pid === PAT_PID ? PAT_TABLE : PMT_TABLE
    if (bytes[0] !== wanted) return
    const section = parseSection(bytes)
    if (section === undefined) this.#events.onBadTable()
    else if (!section.current) return
    else if (pid === PAT_PID) this.#onAssociation(section)
    else this.#onMap(pid, section)
  }

  #onAssociation({ version, number, body }: Section): void {
    const known = this.#associations.get(number)
    if (version === this.#version && known !== undefined && sameBytes(known, body)) {
      if (number === 0) this.#repeats++
      if (this.#current === undefined) this.#choose()
      return
    }
    // Some multiplexers change the table without another version.
    if (version !== this.#version || known !== undefined) this.#associations = new Map()
    this.#version = version
    if (this.#associations.size < this.#limits.programs) this.#associations.set(number, body.slice())
    const programs = [...this.#associations.values()].flatMap((one) => parsePat(one)).slice(0, this.#limits.programs)
    // A programme that is still where it was keeps its map.
    const old = this.#programs
    this.#programs = programs.map(
      (program) => old.find((one) => one.number === program.number && one.mapPid === program.mapPid) ?? program,
    )
    this.#repeats = 0
    this.#follow()
    this.#events.onChange()
    this.#choose()
  }

  #follow(): void {
    const pids = new Set([PAT_PID, ...this.#programs.map(({ mapPid }) => mapPid)])
    for (const pid of this.#assemblers.keys()) if (!pids.has(pid)) this.#assemblers.delete(pid)
    for (const pid of pids) if (!this.#assemblers.has(pid)) this.#assemblers.set(pid, new SectionAssembler())
    this.#events.onTablePids(pids)
  }

  #onMap(pid: number, { id, body }: Section): void {
    const program = this.#programs.find(({ number, mapPid }) => number === id && mapPid === pid)
    if (program === undefined || (program.body !== undefined && sameBytes(program.body, body))) return
    const own = body.slice()
    try {
      program.streams = parsePmt(own).streams.slice(0, this.#limits.streams)
      program.body = own
    } catch (error) {
      if (!(error instanceof MediaError)) throw error
      this.#events.onBadTable()
      return
    }
    this.#events.onChange()
    if (program.number === this.#current) this.#take(program, program.streams)
    else this.#choose()
  }

  /** Only when the one that is taken has gone: otherwise it stays. */
  #choose(): void {
    if (this.#programs.some(({ number, streams }) => number === this.#current && streams !== undefined)) return
    const patient = this.#repeats < PATIENCE
    for (const program of this.#programs) {
      if (program.streams === undefined) {
        if (patient) return
      } else if (hasMedia(program.streams)) {
        this.#take(program, program.streams)
        return
      }
    }
  }

  #take(program: ProgramState, streams: readonly MapEntry[]): void {
    this.#current = program.number
    this.#events.onProgram(program.number, this.#programs.length, streams)
  }
}

function hasMedia(streams: readonly MapEntry[]): boolean {
  return streams.some((entry) => kindOf(entry).kind !== 'other')
}
