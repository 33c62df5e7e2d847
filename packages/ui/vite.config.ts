import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { withoutIndentation } from './build/indentation.ts'
import { pageFiles } from './build/page-files.ts'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Scripts get names with a hash of their content; the server finds them through the manifest. Pages are copied as written. */
export default defineConfig({
  root: here('.'),
  base: '/',
  publicDir: false,
  build: {
    outDir: here('./dist'),
    emptyOutDir: true,
    target: 'es2022',
    manifest: 'manifest.json',
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      // Compressing takes longer than building, on purpose: it is done once and spares the server all of it.
      checks: { bundlerTimings: false },
      input: {
        early: here('./entries/early.ts'),
        viewer: here('./entries/viewer.ts'),
        embed: here('./entries/embed.ts'),
        chat: here('./entries/chat.ts'),
        studio: here('./entries/studio.ts'),
        live: here('./entries/live.ts'),
        elements: here('./entries/elements.ts'),
      },
      preserveEntrySignatures: 'exports-only',
      output: {
        // What pages share is one file: cut into the pieces that each two of them have in common it weighs a kilobyte more.
        codeSplitting: {
          groups: [
            {
              name: 'common',
              test: /node_modules\/(lit|@lit)|ui\/(channel\/(address|sentence|backoff|request|feed|socket)|player\/(prefetch|time-text|qualities|preferences)|style\/.*)\.ts/,
            },
          ],
        },
      },
    },
  },
  plugins: [withoutIndentation(), pageFiles(here('./pages'))],
})
