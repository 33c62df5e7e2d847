import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

/** Copies the pages beside the scripts and compresses every script once, so that the server never has to. */
export function pageFiles(from: string): Plugin {
  return {
    name: 'bandstand-page-files',
    apply: 'build',
    writeBundle(options) {
      const out = options.dir
      if (out === undefined) return
      mkdirSync(join(out, 'pages'), { recursive: true })
      for (const name of readdirSync(from)) writeFileSync(join(out, 'pages', name), readFileSync(join(from, name)))
      const assets = join(out, 'assets')
      for (const name of readdirSync(assets)) {
        if (!/\.(js|css|svg)$/.test(name)) continue
        const body = readFileSync(join(assets, name))
        writeFileSync(join(assets, `${name}.gz`), gzipSync(body, { level: 9 }))
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 }
        writeFileSync(join(assets, `${name}.br`), brotliCompressSync(body, { params: quality }))
      }
    },
  }
}
