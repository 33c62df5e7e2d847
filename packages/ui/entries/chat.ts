import '../chat/bandstand-chat.ts'
