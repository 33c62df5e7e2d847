/** One finding: fine, worth knowing, or in the way of a start. */
export interface Finding {
  readonly level: 'ok' | 'note' | 'problem'
  readonly text: string
}
