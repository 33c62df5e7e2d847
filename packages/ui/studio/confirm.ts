import { html, LitElement } from 'lit'
import { buttons } from '../style/forms.ts'
import { tokens } from '../style/tokens.ts'
import { studioStyles } from './styles.ts'

interface Question {
  readonly title: string
  readonly text: string
  /** What the button that does it says. */
  readonly action: string
}

/** A question before something that cannot be undone. Inside the studio only. */
export class StudioConfirm extends LitElement {
  static override properties = { _question: { state: true } }
  declare _question: Question | undefined
  static override styles = [tokens, buttons, studioStyles]

  #answer: ((yes: boolean) => void) | undefined

  async ask(question: Question): Promise<boolean> {
    this.#end()
    this._question = question
    await this.updateComplete
    const dialog = this.#dialog
    if (!dialog) return false
    dialog.returnValue = ''
    dialog.showModal()
    return new Promise((resolve) => {
      this.#answer = resolve
    })
  }

  get #dialog(): HTMLDialogElement | null {
    return this.renderRoot.querySelector('dialog')
  }

  /** Answers what is asked, by the button that was pressed last. */
  #end(): void {
    this.#answer?.(this.#dialog?.returnValue === 'yes')
    this.#answer = undefined
  }

  #onClose(): void {
    // The event comes a frame after the dialog has closed: the next question may be open by then.
    if (!this.#dialog?.open) this.#end()
  }

  override render() {
    const { title, text, action } = this._question ?? { title: '', text: '', action: '' }
    return html`<dialog aria-labelledby="title" @close=${() => this.#onClose()}>
      <h2 id="title">${title}</h2>
      <p>${text}</p>
      <form method="dialog" class="row" style="display:flex;justify-content:end">
        <button value="no" autofocus>Cancel</button>
        <button value="yes" class="primary">${action}</button>
      </form>
    </dialog>`
  }
}

customElements.define('studio-confirm', StudioConfirm)

/** Asks in the studio's dialog. */
export function confirmed(question: Question): Promise<boolean> {
  let element = document.querySelector<StudioConfirm>('studio-confirm')
  if (!element) {
    element = document.createElement('studio-confirm') as StudioConfirm
    document.body.append(element)
  }
  return element.ask(question)
}
