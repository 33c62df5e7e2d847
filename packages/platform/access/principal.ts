/** Who asks. */
export type Principal =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'owner'; readonly orgId: string; readonly sessionId: string; readonly expiresAt: number }

/** Closed list of what can be asked for. */
export type Action =
  | 'channel.read'
  | 'channel.create'
  | 'channel.update'
  | 'channel.delete'
  | 'channel.health'
  | 'publish.configure'
  | 'key.read'
  | 'key.rotate'
  | 'key.create'
  | 'key.update'
  | 'key.revoke'
  | 'asset.read'
  | 'asset.list-all'
  | 'asset.delete'
  | 'chat.join'
  | 'chat.moderate'
  | 'session.create'
  | 'session.read'
  | 'session.delete'
  | 'instance.read'
  | 'description.read'

/** What it is asked about; the owner's own organisation where nothing else is named. */
export interface Resource {
  readonly orgId: string
  readonly id?: string
}

/** The one port "may this principal do this?". Anything but `true`, a failure too, means no. */
export type Authorize = (principal: Principal, action: Action, resource: Resource) => boolean | Promise<boolean>

const PUBLIC: ReadonlySet<Action> = new Set<Action>([
  'channel.read',
  // With a key, which says for which channel.
  'publish.configure',
  'asset.read',
  'chat.join',
  'session.create',
  'session.read',
  'session.delete',
  'description.read',
])

/** Whether strangers may do it, by the policy of an instance with one owner. */
export function isPublic(action: Action): boolean {
  return PUBLIC.has(action)
}

/** The policy of an instance with one owner: everybody may watch and chat, the owner may do everything in the own organisation. */
export const ownerPolicy: Authorize = (principal, action, resource) =>
  isPublic(action) || (principal.kind === 'owner' && principal.orgId === resource.orgId)

/** Asks the policy and fails closed. */
export async function isAllowed(
  authorize: Authorize,
  principal: Principal,
  action: Action,
  resource: Resource,
): Promise<boolean> {
  try {
    const answer: unknown = await authorize(principal, action, resource)
    return answer === true
  } catch {
    return false
  }
}
