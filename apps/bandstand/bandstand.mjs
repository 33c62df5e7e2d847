#!/usr/bin/env -S node --max-semi-space-size=4 --v8-pool-size=1
// What has to happen before the first TypeScript file is loaded; plain JavaScript for that reason.
// As a whole: a Node without `enableCompileCache` is to be told what it lacks.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`Bandstand needs Node 24, and this is ${process.versions.node}: npm start brings its own.`)
  process.exit(1)
}

// Compiled code is kept between starts: without it every start strips types from all files, which costs 30 MB and 0.1 s.
// Where the folder cannot be written this does nothing. Never the system's shared folder, where others could put code.
module.enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/bandstand', import.meta.url)))

await import('./main.ts')
