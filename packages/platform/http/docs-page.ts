import { escapeHtml } from './escape.ts'

type Json = { readonly [key: string]: unknown }

/** The stylesheet of the page; a file of its own, so that the page needs no exception from its content policy. */
export const DOCS_CSS = `:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1.5rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid; border-radius: .4rem; }
h3 { border-top: 1px solid; padding-top: 1rem; margin-top: 2rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; }
a { color: LinkText; }
`

/** Policy of the page: its own stylesheet, nothing else. */
export const DOCS_POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

interface Operation {
  readonly summary: string
  readonly tags: readonly string[]
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly description?: string
    readonly required: boolean
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema?: Json }>> }
  readonly responses: Readonly<
    Record<
      string,
      { readonly description: string; readonly content?: Readonly<Record<string, { readonly schema?: Json }>> }
    >
  >
  readonly security: readonly unknown[]
}

/** A page for people from an OpenAPI document of ours: plain HTML, no script. */
export function printDocs(document: Json): string {
  const { info, paths, components } = document as unknown as {
    info: { title: string; version: string; description: string }
    paths: Record<string, Record<string, Operation>>
    components: { schemas: Record<string, Json> }
  }
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))]
  const sections = tags.map((tag) => {
    const own = operations.filter(({ operation }) => operation.tags.includes(tag))
    return `<section aria-labelledby="${anchor(tag)}"><h2 id="${anchor(tag)}">${escapeHtml(tag)}</h2>${own.map(printOperation).join('')}</section>`
  })
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<h3 id="schema-${anchor(name)}">${escapeHtml(name)}</h3><pre tabindex="0" role="region" aria-label="Schema ${escapeHtml(name)}">${escapeHtml(JSON.stringify(schema, null, 2))}</pre>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(info.title)} API</title>
<link rel="stylesheet" href="/api/docs.css">
</head>
<body>
<main>
<h1>${escapeHtml(info.title)} API ${escapeHtml(info.version)}</h1>
<p>${prose(info.description)}</p>
<p>For programs: <a href="/api/v1/openapi.json">OpenAPI 3.1 description</a>.</p>
<nav aria-label="Contents"><ul>${tags.map((tag) => `<li><a href="#${anchor(tag)}">${escapeHtml(tag)}</a></li>`).join('')}<li><a href="#schemas">Schemas</a></li></ul></nav>
${sections.join('\n')}
<section aria-labelledby="schemas"><h2 id="schemas">Schemas</h2>${schemas.join('\n')}</section>
</main>
</body>
</html>
`
}

function printOperation({ path, method, operation }: { path: string; method: string; operation: Operation }): string {
  const who = operation.security.length === 0 ? 'Anybody may ask.' : 'The owner may ask.'
  const parameters = operation.parameters?.map(
    (p) =>
      `<tr><th scope="row"><code>${escapeHtml(p.name)}</code></th><td>${p.in}${p.required ? '' : ', optional'}</td><td>${prose(p.description ?? '')}</td></tr>`,
  )
  const responses = Object.entries(operation.responses).map(
    ([status, { description, content }]) =>
      `<tr><th scope="row">${status}</th><td>${printContent(content)}</td><td>${prose(description)}</td></tr>`,
  )
  return `<h3><code>${method} ${escapeHtml(path)}</code></h3><p>${prose(operation.summary)}. ${who}</p>${
    parameters ? `<table><caption>Parameters</caption>${parameters.join('')}</table>` : ''
  }${operation.requestBody ? `<p>Takes ${printContent(operation.requestBody.content)}.</p>` : ''}<table><caption>Answers</caption>${responses.join('')}</table>`
}

function printContent(content: Readonly<Record<string, { readonly schema?: Json }>> = {}): string {
  return Object.entries(content)
    .map(([type, { schema }]) => {
      const name = typeof schema?.['$ref'] === 'string' ? schema['$ref'].split('/').at(-1) : undefined
      return name === undefined ? escapeHtml(type) : `<a href="#schema-${anchor(name)}">${escapeHtml(name)}</a>`
    })
    .join(', ')
}

function anchor(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9]+/g, '-')
}

/** Text with `code` in it. */
function prose(text: string): string {
  return escapeHtml(text).replace(/`([^`]*)`/g, '<code>$1</code>')
}
