import type Hls from 'hls.js'
import type { ErrorController, ErrorData } from 'hls.js'

/** hls.js's error controller, told to `before` first: what that changes counts for how hls.js answers the error. */
export function errorsFirst(HlsClass: typeof Hls, before: (data: ErrorData) => void): typeof ErrorController {
  return class extends HlsClass.DefaultConfig.errorController {
    constructor(hls: Hls) {
      // Listeners are called in the order in which they came, and hls.js's own comes with what it inherits.
      hls.on(HlsClass.Events.ERROR, (_, data) => before(data))
      super(hls)
    }
  }
}
