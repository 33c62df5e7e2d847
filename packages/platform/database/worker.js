// The database's own thread: node:sqlite is synchronous, and a checkpoint or a slow disk must not stall the thread that
// moves media. Plain JavaScript, because stripping types inside a worker costs 12 MB of memory and 30 ms at every start.
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'

const { path, busyTimeout, preparedMax, rowsMax, done } = workerData

// In WAL mode NORMAL does not wait for the disk: a power cut would undo the last commits, and with them the rotation of a key
// that has leaked, or a ban. Writes are few, so FULL costs little.
const database = new DatabaseSync(path, { timeout: busyTimeout })
database.exec(`
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA foreign_keys = ON;
  PRAGMA cache_size = -4000;
  PRAGMA journal_size_limit = 16777216;
`)

/** Prepared statements by text, the least recently used first. */
const prepared = new Map()

function prepare(sql) {
  let statement = prepared.get(sql)
  if (statement === undefined) {
    statement = database.prepare(sql)
    if (prepared.size >= preparedMax) prepared.delete(prepared.keys().next().value)
  } else prepared.delete(sql)
  prepared.set(sql, statement)
  return statement
}

function run([id, sql, parameters]) {
  try {
    const statement = prepare(sql)
    if (statement.columns().length === 0) {
      const { changes } = statement.run(...parameters)
      return [id, null, [], Number(changes)]
    }
    const rows = statement.all(...parameters)
    if (rows.length > rowsMax) return [id, { message: `more than ${rowsMax} rows`, errcode: 0 }, [], 0]
    return [id, null, rows, rows.length]
  } catch (error) {
    return [id, { message: String(error?.message ?? error), errcode: Number(error?.errcode ?? 0) }, [], 0]
  }
}

parentPort.on('message', (statements) => {
  if (statements === 'close') {
    database.close()
    parentPort.postMessage('closed')
    parentPort.close()
    return
  }
  const answers = []
  for (const statement of statements) {
    answers.push(run(statement))
    Atomics.add(done, 0, 1)
  }
  parentPort.postMessage(answers)
})
parentPort.postMessage('open')
