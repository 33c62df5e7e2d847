/** Small things remembered on the viewer's machine; nothing breaks where storage is refused. */
export function recall(name: string): string | undefined {
  try {
    return localStorage.getItem(`bandstand-${name}`) ?? undefined
  } catch {
    return undefined
  }
}

export function remember(name: string, value: string): void {
  try {
    localStorage.setItem(`bandstand-${name}`, value)
  } catch {
    // Private windows refuse; the next visit asks again.
  }
}
