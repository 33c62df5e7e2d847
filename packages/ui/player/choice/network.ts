/** The network as far as a page hears of it. */
interface PageNetwork {
  /** Where `online` is heard. */
  readonly page: EventTarget
  /** The Network Information API, where the browser has it; its `type` only on phones and tablets. */
  readonly connection: (EventTarget & { readonly type?: string }) | undefined
}

const pageNetwork = (): PageNetwork => ({
  page: globalThis,
  connection: (navigator as Navigator & { connection?: EventTarget & { type?: string } }).connection,
})

/**
 * Calls back when the machine is on another network, or back on one: from Wi-Fi to a mobile network, for example.
 * @returns to stop listening
 */
export function onAnotherNetwork(tell: () => void, { page, connection } = pageNetwork()): () => void {
  let type = connection?.type
  // It changes with each new estimate of the bandwidth too, several times a minute.
  const onChange = () => {
    if (connection?.type === type) return
    type = connection?.type
    if (type !== 'none') tell()
  }
  page.addEventListener('online', tell)
  connection?.addEventListener('change', onChange)
  return () => {
    page.removeEventListener('online', tell)
    connection?.removeEventListener('change', onChange)
  }
}
