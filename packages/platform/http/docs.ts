import type { FastifyInstance } from 'fastify'
import { DOCS_CSS, DOCS_POLICY, printDocs } from './docs-page.ts'
import { describeApi } from './openapi.ts'
import { API_PREFIX } from './register.ts'
import type { Route } from './route.ts'

/** Serves the API's description for programs and for people; both are made when first asked for. */
export function registerDocs(app: FastifyInstance, routes: readonly Route[], version: string): void {
  let made: { json: string; html: string } | undefined
  const make = () => {
    const document = describeApi(routes, { version, prefix: API_PREFIX })
    return { json: JSON.stringify(document), html: printDocs(document) }
  }
  const headers = { 'cache-control': 'public, max-age=60', 'x-content-type-options': 'nosniff' }
  app.get(`${API_PREFIX}/openapi.json`, (_request, reply) =>
    reply
      .headers({ ...headers, 'access-control-allow-origin': '*' })
      .type('application/json; charset=utf-8')
      .send((made ??= make()).json),
  )
  app.get('/api/docs', (_request, reply) =>
    reply
      .headers({ ...headers, 'content-security-policy': DOCS_POLICY, 'referrer-policy': 'no-referrer' })
      .type('text/html; charset=utf-8')
      .send((made ??= make()).html),
  )
  app.get('/api/docs.css', (_request, reply) => reply.headers(headers).type('text/css; charset=utf-8').send(DOCS_CSS))
}
