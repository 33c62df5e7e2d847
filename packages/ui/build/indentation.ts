import type { Plugin } from 'vite'

/**
 * Leaves out what lines are indented by. Of code the minifier does that itself; of the HTML and CSS in template literals it must not,
 * for it does not know that white space means nothing there: no template of ours, or of media-chrome, is shown with its white space.
 */
export function withoutIndentation(): Plugin {
  return {
    name: 'bandstand-without-indentation',
    apply: 'build',
    renderChunk: (code) => ({ code: code.replace(/\n[ \t]+/g, '\n'), map: null }),
  }
}
