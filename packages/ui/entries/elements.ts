/** All elements, for other sites: `<script type="module" src="https://your.server/elements.js"></script>`. */
import '../player/bandstand-player.ts'
import '../channel/bandstand-replays.ts'
import '../channel/bandstand-title.ts'
import '../channel/bandstand-viewers.ts'
import '../chat/bandstand-chat.ts'
