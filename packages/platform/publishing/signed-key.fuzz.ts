import { createSecrets } from '../access/secrets.ts'
import { parsePolicy, printPolicy } from './policy.ts'
import { readSignedKey, signKey } from './signed-key.ts'

const secrets = createSecrets(Buffer.alloc(32, 7))

/** Signed keys from strangers: none is ours, and a policy that can be read is printed as it was. */
export const target = {
  name: 'signed-key',
  corpus: new URL('./corpus/', import.meta.url),
  run(input: Uint8Array): void {
    const bytes = Buffer.from(input)
    if (readSignedKey(secrets, bytes.toString('latin1')) !== undefined) throw new RangeError('a stranger signed a key')
    const policy = parsePolicy(bytes)
    if (policy === undefined) return
    if (!printPolicy(policy).equals(bytes)) throw new RangeError('a policy has two forms')
    if (readSignedKey(secrets, signKey(secrets, policy)) === undefined) throw new RangeError('a signed key is not read')
  },
}
