/**
 * Copies what a field holds, also where the page has no clipboard interface.
 *
 * @returns false where the browser lets neither way through; then the field has the focus, its text is selected
 */
export async function copyField(field: HTMLInputElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(field.value)
    return true
  } catch {
    // Plain http has no clipboard interface, and a page may be refused it. The old way takes the selection of what has the
    // focus, and nothing from a field of dots.
    const { type } = field
    field.type = 'text'
    field.focus()
    field.select()
    try {
      return document.execCommand('copy')
    } catch {
      return false
    } finally {
      field.type = type
    }
  }
}
