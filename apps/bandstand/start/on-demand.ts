/** What only some servers need: loaded and made when it is asked for the first time. */
export interface OnDemand<T> {
  /** Makes it, once. What was in the way of an attempt may be gone at the next. */
  get(): Promise<T>
  /** `undefined` as long as nobody has asked. */
  readonly made: T | undefined
}

/** @param started what is made is closed where this call stands among what has been started */
export function onDemand<T extends { close(): void }>(
  make: () => Promise<T>,
  started: AsyncDisposableStack,
): OnDemand<T> {
  let made: T | undefined
  let making: Promise<T> | undefined
  async function attempt(): Promise<T> {
    try {
      made = await make()
      return made
    } catch (error) {
      making = undefined
      throw error
    }
  }
  started.defer(async () => (await making?.catch(() => undefined))?.close())
  return {
    get: () => (making ??= attempt()),
    get made() {
      return made
    },
  }
}
