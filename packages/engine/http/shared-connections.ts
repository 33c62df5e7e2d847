import type { Connection } from './message.ts'

/**
 * HTTP/2 connections of reverse proxies. A proxy sends the requests of many viewers over one of them, so what one viewer may
 * ask for at a time would be a limit of all of them together.
 */
const shared = new WeakSet<Connection>()

export function markShared(connection: Connection): void {
  shared.add(connection)
}

export function isShared(connection: Connection): boolean {
  return shared.has(connection)
}
