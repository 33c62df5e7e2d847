import '../studio/bandstand-studio.ts'
