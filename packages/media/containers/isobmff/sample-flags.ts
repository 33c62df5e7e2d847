/**
 * Sample flags (ISO/IEC 14496-12 §8.8.3.1): `sample_depends_on` 2 for a sample that needs no other, 1 for one that does;
 * `sample_is_non_sync_sample`.
 */
export const SYNC_SAMPLE = 0x0200_0000
export const NON_SYNC_SAMPLE = 0x0101_0000
/** The bit that decides. */
export const IS_NON_SYNC = 0x0001_0000
