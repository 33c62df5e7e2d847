import { html, nothing } from 'lit'
import { keyHelp } from './keys.ts'
import { recall, remember } from './preferences.ts'

/** The keyboard map, and a switch for keys of the whole page where the player takes them. */
export function helpDialog({ pageKeys }: { readonly pageKeys: boolean }) {
  return html`<dialog aria-labelledby="help-title">
    <h2 id="help-title">Keyboard</h2>
    <dl>${keyHelp.map(([keys, does]) => html`<dt>${keys}</dt><dd>${does}</dd>`)}</dl>
    <form method="dialog">
      ${
        pageKeys
          ? html`<p>
              <label
                ><input
                  type="checkbox"
                  .checked=${recall('page-keys') !== 'off'}
                  @change=${(event: Event) =>
                    remember('page-keys', (event.target as HTMLInputElement).checked ? 'on' : 'off')}
                />
                Also when nothing has the focus</label
              >
            </p>`
          : nothing
      }
      <button>Close</button>
    </form>
  </dialog>`
}
