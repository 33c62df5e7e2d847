import '../channel/bandstand-replays.ts'
import '../channel/bandstand-title.ts'
import '../channel/bandstand-viewers.ts'
import '../chat/bandstand-chat.ts'
