/** Whether `npm run test:long` asked for all there is, or a change wants to know soon whether the project holds. */
export const isLong = process.env['BANDSTAND_LONG'] !== undefined

/**
 * For tests that are one more of a kind of which others run each time, and for those that judge whether a player waits for media: beside other
 * files it waits for a processor, and nothing can be said.
 */
export const longOnly = { skip: isLong ? false : 'npm run test:long' }
