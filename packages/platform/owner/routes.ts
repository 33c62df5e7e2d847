import { session, signIn } from '@bandstand/contract/api/session.ts'
import type { FastifyRequest } from 'fastify'
import { printCookie, readCookie } from '../http/cookie.ts'
import { defineRoute, type Route } from '../http/route.ts'
import { DEVICE_KNOWN, SESSION_LENGTH } from './limits.ts'
import type { Owner } from './service.ts'

/** `__Host-` binds the cookie to this host and to TLS (RFC 6265bis, 4.1.3.2); plain HTTP on one's own network cannot have it. */
function cookieName(secure: boolean): string {
  return secure ? '__Host-bandstand' : 'bandstand'
}

/** Known by this, a browser may sign in while strangers are kept out. Signing out leaves it. */
function deviceCookieName(secure: boolean): string {
  return `${cookieName(secure)}-device`
}

/** The session token that a request carries. */
export function readToken(cookieHeader: string | undefined, secure: boolean): string | undefined {
  return readCookie(cookieHeader, cookieName(secure))
}

const tokenOf = ({ headers, protocol }: FastifyRequest) => readToken(headers.cookie, protocol === 'https')

/** Signing in and out. */
export function ownerRoutes(owner: Owner, now: () => number): Route[] {
  return [
    defineRoute({
      method: 'POST',
      path: '/session',
      action: 'session.create',
      tag: 'Session',
      summary: 'Sign in as the owner',
      body: signIn,
      status: 201,
      response: session,
      setsCookie: true,
      errors: ['wrong-password'],
      async handle({ body, address, secure, request, reply }) {
        const before = readCookie(request.headers.cookie, deviceCookieName(secure))
        const { token, expiresAt, device } = await owner.signIn(body.password, address, before)
        const maxAge = Math.min(Math.floor((expiresAt - now()) / 1000), SESSION_LENGTH / 1000)
        reply.header('set-cookie', [
          printCookie(cookieName(secure), token, { maxAge, secure }),
          printCookie(deviceCookieName(secure), device, { maxAge: DEVICE_KNOWN, secure }),
        ])
        return { signedIn: true, expiresAt: new Date(expiresAt).toISOString() }
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/session',
      action: 'session.read',
      tag: 'Session',
      summary: 'Say whether this request is signed in',
      status: 200,
      response: session,
      errors: [],
      handle({ principal }) {
        if (principal.kind !== 'owner') return { signedIn: false, expiresAt: null }
        return { signedIn: true, expiresAt: new Date(principal.expiresAt).toISOString() }
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/session',
      action: 'session.delete',
      tag: 'Session',
      summary: 'Sign out',
      status: 204,
      setsCookie: true,
      errors: [],
      async handle({ request, secure, reply }) {
        await owner.signOut(tokenOf(request))
        reply.header('set-cookie', printCookie(cookieName(secure), '', { maxAge: 0, secure }))
      },
    }),
  ]
}
