/**
 * Lets one at a time bring an asset up to date; the next begins when the one before is over, whatever came of that, so that a
 * crowd reads what is new of an index once.
 */
export function createAssetTurns(): <T>(assetId: string, run: () => Promise<T>) => Promise<T> {
  const newest = new Map<string, Promise<unknown>>()
  return async (assetId, run) => {
    const before = newest.get(assetId) ?? Promise.resolve()
    const mine = before.catch(() => undefined).then(run)
    newest.set(assetId, mine)
    try {
      return await mine
    } finally {
      if (newest.get(assetId) === mine) newest.delete(assetId)
    }
  }
}
