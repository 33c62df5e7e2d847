import { escapeHtml } from '../http/escape.ts'

/** JSON for a `<script type="application/json">`: nothing in it can end the element or open a comment. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** A value that is HTML already, made by us. */
export interface Html {
  readonly html: string
}

/**
 * Fills `{{name}}` places of a page: text is escaped, {@link Html} is not. Unknown names are left as they are, so that a
 * page may hold another system's braces.
 */
export function fillTemplate(page: string, values: Readonly<Record<string, string | Html>>): string {
  return page.replace(/\{\{\s*([a-z-]{1,40})\s*\}\}/g, (whole, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value === undefined) return whole
    return typeof value === 'string' ? escapeHtml(value) : value.html
  })
}
