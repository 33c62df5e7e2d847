/** Counts offers under way and sessions, of the whole server and of each remote address. */
export interface Places {
  /** False where there is none left. */
  take(remote: string): boolean
  /** One more for somebody who was let in. */
  add(remote: string): void
  release(remote: string): void
}

export function createPlaces(limits: { readonly sessions: number; readonly sessionsPerAddress: number }): Places {
  const perRemote = new Map<string, number>()
  let taken = 0

  function add(remote: string): void {
    taken++
    perRemote.set(remote, (perRemote.get(remote) ?? 0) + 1)
  }

  return {
    take(remote) {
      if (taken >= limits.sessions || (perRemote.get(remote) ?? 0) >= limits.sessionsPerAddress) return false
      add(remote)
      return true
    },
    add,
    release(remote) {
      taken--
      const left = (perRemote.get(remote) ?? 1) - 1
      if (left === 0) perRemote.delete(remote)
      else perRemote.set(remote, left)
    },
  }
}
