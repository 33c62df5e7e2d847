/** The watch pages. The player goes first; chat and the rest follow while the engine is on its way. */
import '../player/bandstand-player.ts'

void import('./around-player.ts')
