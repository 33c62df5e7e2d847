/** Seconds from 1900, where NTP's era 0 begins, to 1970 (RFC 5905 §6, figure 4). */
export const NTP_OFFSET = 2_208_988_800
