import '../player/bandstand-player.ts'
