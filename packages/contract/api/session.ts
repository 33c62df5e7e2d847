import * as z from 'zod'
import { PASSWORD_MAX } from '../limits.ts'
import { instant } from './values.ts'

/** `POST /api/v1/session`: signs the owner in with a cookie. */
export const signIn = z.strictObject({ password: z.string().min(1).max(PASSWORD_MAX) }).meta({ id: 'SignIn' })

/** Answer of `POST` and `GET /api/v1/session`; the latter is 200 for strangers too. `DELETE` signs out (204). */
export const session = z.object({ signedIn: z.boolean(), expiresAt: instant.nullable() }).meta({ id: 'Session' })
export type Session = z.infer<typeof session>
