/** The player's keyboard map, after the habits of the large video sites. */
export type Command =
  | {
      readonly kind:
        | 'toggle-play'
        | 'mute'
        | 'full-screen'
        | 'captions'
        | 'picture-in-picture'
        | 'help'
        | 'live'
        | 'start'
    }
  /** Seconds, negative is back. */
  | { readonly kind: 'skip'; readonly seconds: number }
  /** Of full volume. */
  | { readonly kind: 'volume'; readonly by: number }
  /** To a tenth of the whole. */
  | { readonly kind: 'tenth'; readonly tenth: number }

export interface KeyPress {
  readonly key: string
  readonly ctrlKey: boolean
  readonly altKey: boolean
  readonly metaKey: boolean
}

export const keyHelp: readonly (readonly [keys: string, does: string])[] = [
  ['Space, K', 'Play or pause'],
  ['J, L', '10 seconds back, forward'],
  ['← →', '5 seconds back, forward'],
  ['↑ ↓', 'Volume'],
  ['M', 'Sound on or off'],
  ['F', 'Full screen'],
  ['I', 'Picture in picture'],
  ['C', 'Captions, where there are any'],
  ['0 – 9', 'To a tenth of the broadcast'],
  ['Home, End', 'To the beginning, to live'],
  ['?', 'This help'],
]

/** @returns `undefined` for a key that is not the player's, and for any with Ctrl, Alt or Command. */
export function commandOf(press: KeyPress): Command | undefined {
  if (press.ctrlKey || press.altKey || press.metaKey) return undefined
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key
  if (/^[0-9]$/.test(key)) return { kind: 'tenth', tenth: Number(key) }
  switch (key) {
    case ' ':
    case 'k':
      return { kind: 'toggle-play' }
    case 'j':
      return { kind: 'skip', seconds: -10 }
    case 'l':
      return { kind: 'skip', seconds: 10 }
    case 'ArrowLeft':
      return { kind: 'skip', seconds: -5 }
    case 'ArrowRight':
      return { kind: 'skip', seconds: 5 }
    case 'ArrowUp':
      return { kind: 'volume', by: 0.1 }
    case 'ArrowDown':
      return { kind: 'volume', by: -0.1 }
    case 'm':
      return { kind: 'mute' }
    case 'f':
      return { kind: 'full-screen' }
    case 'c':
      return { kind: 'captions' }
    case 'i':
      return { kind: 'picture-in-picture' }
    case 'Home':
      return { kind: 'start' }
    case 'End':
      return { kind: 'live' }
    case '?':
      return { kind: 'help' }
    default:
      return undefined
  }
}
