import { instance } from '@bandstand/contract/api/instance.ts'
import { defineRoute, type Route } from '../http/route.ts'
import type { InstancePort } from '../ports.ts'

export function instanceRoutes(port: InstancePort): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/instance',
      action: 'instance.read',
      tag: 'Instance',
      summary: 'Say what this server is and how it does',
      status: 200,
      response: instance,
      errors: [],
      handle: async ({ request }) => ({ version: port.version, ...(await port.facts(request.hostname)) }),
    }),
  ]
}
