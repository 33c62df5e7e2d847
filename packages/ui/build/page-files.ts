import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const brotliCompressed = promisify(brotliCompress)
const gzipped = promisify(gzip)

/** Copies the pages beside the scripts and compresses every script once, so that the server never has to. */
export function pageFiles(from: string): Plugin {
  return {
    name: 'bandstand-page-files',
    apply: 'build',
    async writeBundle(options) {
      const out = options.dir
      if (out === undefined) return
      mkdirSync(join(out, 'pages'), { recursive: true })
      for (const name of readdirSync(from)) writeFileSync(join(out, 'pages', name), readFileSync(join(from, name)))
      const assets = join(out, 'assets')
      // On as many cores as there are: the best compression is most of a build's time.
      const names = readdirSync(assets).filter((name) => /\.(js|css|svg)$/.test(name))
      await Promise.all(names.map((name) => compress(join(assets, name))))
    },
  }
}

async function compress(path: string): Promise<void> {
  const body = readFileSync(path)
  const params = { [constants.BROTLI_PARAM_QUALITY]: 11 }
  const [gz, br] = await Promise.all([gzipped(body, { level: 9 }), brotliCompressed(body, { params })])
  writeFileSync(`${path}.gz`, gz)
  writeFileSync(`${path}.br`, br)
}
