import type { StoreFile, StoreIo } from './io.ts'
import type { Lane } from './lane.ts'

/** The same file system with every single call going through a lane. */
export function laneIo(io: StoreIo, lane: Lane): StoreIo {
  return {
    mkdir: (path) => lane.run(() => io.mkdir(path)),
    readdir: (path) => lane.run(() => io.readdir(path)),
    open: async (path, mode) => laneFile(await lane.run(() => io.open(path, mode)), lane),
    unlink: (path) => lane.run(() => io.unlink(path)),
    rmdir: (path) => lane.run(() => io.rmdir(path)),
    stat: (path) => lane.run(() => io.stat(path)),
    free: (path) => lane.run(() => io.free(path)),
    syncFolder: (path) => lane.run(() => io.syncFolder(path)),
  }
}

function laneFile(file: StoreFile, lane: Lane): StoreFile {
  return {
    write: (buffers, position) => lane.run(() => file.write(buffers, position)),
    read: (target, position) => lane.run(() => file.read(target, position)),
    truncate: (bytes) => lane.run(() => file.truncate(bytes)),
    sync: () => lane.run(() => file.sync()),
    close: () => lane.run(() => file.close()),
  }
}
