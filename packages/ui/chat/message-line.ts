import { html, nothing } from 'lit'
import { type FindLinks, stretches } from './links.ts'
import type { Shown } from './log.ts'

/**
 * One message of the log.
 *
 * @param find finds links in its text; without it there are none
 * @param moderate what the owner's buttons do; without it there are none
 */
export function messageLine(
  message: Shown,
  find: FindLinks | undefined,
  moderate: ((what: 'hide' | 'ban') => void) | undefined,
) {
  const { author } = message
  return html`<li class=${message.refused ? 'refused' : message.pending ? 'pending' : ''}>
    <p>
      <time datetime=${message.at}>${timeOf(message.at)}</time>
      <b style="--hue:${hueOf(author.id || author.name)}" class=${author.owner ? 'owner' : ''}
        ><bdi>${author.name}</bdi>${author.owner ? html` <span class="badge">Host</span>` : nothing}</b
      >
      <span class="text" dir="auto"
        >${stretches(message.text, find).map((part) =>
          part.href
            ? html`<a href=${part.href} target="_blank" rel="noopener noreferrer nofollow ugc">${part.text}</a>`
            : part.text,
        )}</span
      >
    </p>
    ${message.refused ? html`<p class="why">Not sent: ${message.refused}</p>` : nothing}
    ${
      moderate && !message.pending && !message.refused
        ? html`<span class="act">
            <button class="quiet" type="button" @click=${() => moderate('hide')}
              >Hide<span class="sr"> message of ${author.name}</span></button
            >
            ${
              author.owner
                ? nothing
                : html`<button class="quiet" type="button" @click=${() => moderate('ban')}
                    >Ban<span class="sr"> ${author.name}</span></button
                  >`
            }
          </span>`
        : nothing
    }
  </li>`
}

/** Local time of day; the full moment is in the element's `datetime`. */
function timeOf(at: string): string {
  const date = new Date(at)
  return Number.isNaN(date.getTime()) ? '' : date.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
}

/** The same hue for the same chatter on every screen. */
function hueOf(id: string): number {
  let hash = 0
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return hash % 360
}
