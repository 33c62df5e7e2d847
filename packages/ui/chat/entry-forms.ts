import { CHAT_NAME_MAX, CHAT_TEXT_MAX } from '@bandstand/contract/limits.ts'
import { html, nothing } from 'lit'

interface NameForm {
  readonly notice: string
  /** What stands in the field at first. */
  readonly name: string
  /** A message waits for the name, and is sent with it. */
  readonly sends: boolean
  onSubmit(event: SubmitEvent): void
  onCancel(): void
}

/** Asks for the chatter's name, in the field `#name`. */
export function nameForm({ notice, name, sends, onSubmit, onCancel }: NameForm) {
  return html`<form @submit=${onSubmit}>
    <label for="name">What should we call you?</label>
    <div class="row">
      <input id="name" autocomplete="nickname" maxlength=${CHAT_NAME_MAX} required .value=${name} />
      <button class="primary">${sends ? 'Send' : 'Save'}</button>
      <button type="button" @click=${onCancel}>Cancel</button>
    </div>
    ${notice ? html`<p class="notice" role="alert">${notice}</p>` : nothing}
  </form>`
}

interface TextForm {
  readonly notice: string
  /** The chatter's name, where there is one. */
  readonly name: string | undefined
  /** What stands in the field at first. */
  readonly text: string
  onSubmit(event: SubmitEvent): void
  onRename(): void
}

/** Takes what is to be said, in the field `#text`. */
export function textForm({ notice, name, text, onSubmit, onRename }: TextForm) {
  return html`<form @submit=${onSubmit}>
    ${notice ? html`<p class="notice" role="alert">${notice}</p>` : nothing}
    <label class="sr" for="text">Message</label>
    <div class="row">
      <input
        id="text"
        autocomplete="off"
        maxlength=${CHAT_TEXT_MAX}
        placeholder="Say something"
        enterkeyhint="send"
        .value=${text}
      />
      <button class="primary">Send</button>
    </div>
    ${
      name
        ? html`<p class="who">
            as <b>${name}</b>
            <button class="quiet small" type="button" @click=${onRename}>Change name</button>
          </p>`
        : nothing
    }
  </form>`
}
