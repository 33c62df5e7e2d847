/** A template that was not put into a page: its text, and what its buttons do. */
interface Template {
  readonly strings: readonly string[]
  readonly values: readonly unknown[]
}

/** The text of a template with all that is within it, white space made one. Symbols and functions are left out. */
export function textOf(value: unknown): string {
  return written(value).replace(/\s+/g, ' ')
}

function written(value: unknown): string {
  if (Array.isArray(value)) return value.map(written).join('')
  if (isTemplate(value)) return value.strings.map((part, at) => part + written(value.values[at])).join('')
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : ''
}

/** Templates within a template, outermost first, itself among them. */
export function templatesIn(value: unknown): Template[] {
  if (Array.isArray(value)) return value.flatMap(templatesIn)
  return isTemplate(value) ? [value, ...value.values.flatMap(templatesIn)] : []
}

function isTemplate(value: unknown): value is Template {
  return typeof value === 'object' && value !== null && 'strings' in value && 'values' in value
}
