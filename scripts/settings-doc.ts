import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { z } from 'zod'
import { environmentName, flagName, settingsSchema } from '../apps/bandstand/settings/schema.ts'
import { root } from './source.ts'

/** docs/settings.md is made from the settings' schema: `node scripts/settings-doc.ts` writes it, a test compares it. */
export const settingsPage = join(root, 'docs', 'settings.md')

interface Property {
  readonly description?: string
  readonly default?: unknown
}

export function printSettings(): string {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input', unrepresentable: 'any' })
  const parsed = settingsSchema.parse({}) as Readonly<Record<string, unknown>>
  const rows = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const { description = '', default: preset } = property as Property
    const value = preset ?? parsed[name]
    const text = typeof value === 'boolean' ? (value ? 'on' : 'off') : typeof value === 'number' ? String(value) : value
    const shown = typeof text === 'string' && text !== '' ? `\`${text}\`` : ''
    return `| \`--${flagName(name)}\` | \`${environmentName(name)}\` | \`${name}\` | ${shown} | ${description.replaceAll('|', '\\|')} |`
  })
  return `# Settings

Each setting has a flag, an environment variable and a key in \`bandstand.yaml\`; where several are given, the flag wins, then the environment, then the file.
An unknown or bad setting stops the start with one line that names it and what it takes, without what may hold a secret; an empty variable, or a name with nothing behind it in the file, counts as not set.
Variables that Kubernetes sets for a Service named \`bandstand\` (\`BANDSTAND_SERVICE_HOST\`, \`BANDSTAND_PORT=tcp://…\` and the like) are left alone; a line of the log names them.

\`\`\`sh
npm start -- --data /var/lib/bandstand --http 127.0.0.1:8080
BANDSTAND_DATA=/var/lib/bandstand npm start
npm start -- --config /etc/bandstand.yaml
\`\`\`

\`\`\`yaml
data: /var/lib/bandstand
http: 127.0.0.1:8080
recordingMaxGb: 50
\`\`\`

\`bandstand.yaml\` is read from the folder in which the server is started; \`--config\` names another file.

Port \`0\` means any free port.

A database other than SQLite is not there yet: \`BANDSTAND_DATABASE_URL\`, its flag and its key in the file, are no
settings and stop the start like any other unknown name.

| flag | environment | file | default | |
|---|---|---|---|---|
${rows.join('\n')}
`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) writeFileSync(settingsPage, printSettings())
