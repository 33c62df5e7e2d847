/** Controls that nobody needs before the first picture; fetched while it is on its way. */
import 'media-chrome/media-pip-button'
import 'media-chrome/media-volume-range'
import './rewind-bar.ts'
import './settings-menu.ts'
