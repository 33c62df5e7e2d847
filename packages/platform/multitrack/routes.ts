import type { Rung } from '@bandstand/contract/api/ladder.ts'
import { multitrackConfig, multitrackQuery, multitrackRequest } from '@bandstand/contract/api/multitrack.ts'
import { slug } from '@bandstand/contract/api/values.ts'
import * as z from 'zod'
import { defineRoute, type Route } from '../http/route.ts'
import type { InstancePort, Log } from '../ports.ts'
import { multitrackConfigOf, refusedConfig } from './config.ts'
import { chooseEncoder, encoderOf } from './encoders.ts'
import { planRenditions } from './renditions.ts'
import { requestOf } from './request.ts'

export interface MultitrackRoutesOptions {
  /** The rungs of the channel with this slug; refuses where there is none. */
  readonly rungsOf: (slug: string) => readonly Rung[]
  /** The same of the channel that a key is good for, or why it is not. */
  readonly rungsFor: (key: string, remote: string) => readonly Rung[] | { readonly reason: string }
  readonly instance: Pick<InstancePort, 'facts'>
  /** For lines that strangers can cause as often as they like. */
  readonly log: Log
}

const NO_SERVER = 'This server takes no RTMP: it is switched off in its settings.'

export function multitrackRoutes({ rungsOf, rungsFor, instance, log }: MultitrackRoutesOptions): Route[] {
  const servers = async (host: string) => (await instance.facts(host)).publish
  return [
    defineRoute({
      ...{ method: 'POST', path: '/multitrack', action: 'publish.configure', tag: 'Publishing' },
      summary: 'Say which renditions OBS is to make and where it sends them; OBS asks by itself',
      body: multitrackRequest,
      status: 200,
      response: multitrackConfig,
      errors: [],
      // OBS shows what a status says, and of an HTTP error its number alone.
      async handle({ body, request, address }) {
        const rungs = rungsFor(body.authentication, address)
        if ('reason' in rungs) {
          log.warn({ remote: address, code: 'multitrack', reason: rungs.reason }, 'OBS is not told what to make')
          return refusedConfig(rungs.reason)
        }
        const found = await servers(request.hostname)
        if (found.rtmp === null && found.rtmps === null) return refusedConfig(NO_SERVER)
        const { picture, bounds, hasVodSound } = requestOf(body)
        const renditions = planRenditions(picture, rungs, bounds)
        return multitrackConfigOf({ servers: found, renditions, encoder: chooseEncoder(body), hasVodSound })
      },
    }),
    defineRoute({
      ...{ method: 'GET', path: '/channels/{slug}/multitrack', action: 'channel.health', tag: 'Publishing' },
      summary: 'Make what is pasted into OBS so that it makes the ladder of a channel',
      params: z.object({ slug }),
      query: multitrackQuery,
      status: 200,
      response: multitrackConfig,
      errors: ['not-found'],
      async handle({ params, query: { height, frameRate, encoder }, request }) {
        const width = Math.round((height * 16) / 18) * 2
        const picture = { width, height, framerate: { numerator: frameRate, denominator: 1 } }
        return multitrackConfigOf({
          servers: await servers(request.hostname),
          renditions: planRenditions(picture, rungsOf(params.slug)),
          encoder: encoderOf(encoder),
          hasVodSound: false,
        })
      },
    }),
  ]
}
