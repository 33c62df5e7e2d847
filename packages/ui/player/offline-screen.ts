import type { Channel } from '@bandstand/contract/api/channel.ts'
import type { Replay } from '@bandstand/contract/api/replay.ts'
import { html, nothing } from 'lit'
import { replayFacts } from '../channel/replays.ts'

export interface OfflineScreen {
  /** Of the server, without a slash at the end. */
  readonly server: string
  readonly facts: Pick<Channel, 'offlineImage' | 'offlineText'>
  /** The broadcast was watched to its end. */
  readonly ended: boolean
  /** The newest broadcast that can be watched again. */
  readonly last: Replay | undefined
}

/** What is shown instead of a picture: the owner's words and picture, and the way to the last broadcast. */
export function offlineScreen({ server, facts: { offlineImage, offlineText }, ended, last }: OfflineScreen) {
  return html`<div class="screen">
    ${offlineImage ? html`<img src=${new URL(offlineImage, `${server}/`).href} alt="" />` : nothing}
    <div class="words">
      <h2>${ended ? 'The broadcast has ended' : 'Not live right now'}</h2>
      <p>${offlineText || 'The picture starts here by itself when the broadcast begins.'}</p>
      ${
        last
          ? html`<a class="last" href=${server + last.url} target=${isFramed() ? '_blank' : nothing}
              ><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 5v14l11-7z" /></svg>
              <span>Watch the last broadcast <small>${replayFacts(last)}</small></span></a
            >`
          : nothing
      }
    </div>
  </div>`
}

export function notFoundScreen() {
  return html`<div class="screen">
    <div class="words"><h2>Not found</h2><p>There is nothing at this address.</p></div>
  </div>`
}

/** A whole page does not fit into the frame of an embed. */
function isFramed(): boolean {
  return window.top !== window
}
