import { html } from 'lit'

interface BanQuestion {
  /** Of who is to be banned. */
  readonly name: string
  /** Told when the dialog closes with a yes, or without. */
  onClose(answer: { readonly yes: boolean; readonly address: boolean }): void
}

/** Asks whether somebody is banned, and whether all who share the network address are too. */
export function banDialog({ name, onClose }: BanQuestion) {
  const onAnswer = ({ target }: Event) => {
    const dialog = target as HTMLDialogElement
    const address = dialog.querySelector<HTMLInputElement>('[name=address]')?.checked ?? false
    onClose({ yes: dialog.returnValue === 'ban', address })
  }
  return html`<dialog aria-labelledby="ban" @close=${onAnswer}>
    <form method="dialog">
      <h2 id="ban">Ban <bdi>${name}</bdi> from this chat?</h2>
      <p>What they wrote is hidden, and they cannot write any more.</p>
      <label class="check">
        <input type="checkbox" name="address" checked />
        <span
          >Also ban their network address. Everybody who shares it is banned with them, at home, in an office or on a mobile
          network; without it they may come back under another name.</span
        >
      </label>
      <div class="row end">
        <button value="no" autofocus>Cancel</button>
        <button value="ban" class="primary">Ban</button>
      </div>
    </form>
  </dialog>`
}
