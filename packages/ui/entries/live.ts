import '../studio/live/bandstand-live.ts'
