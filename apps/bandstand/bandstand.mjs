#!/usr/bin/env -S node --max-semi-space-size=4 --v8-pool-size=1
// What has to happen before the first TypeScript file is loaded; plain JavaScript for that reason.
// As a whole: a Node without `enableCompileCache` is to be told what it lacks.
import module from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'

if (Number(process.versions.node.split('.')[0]) < 24) {
  console.error(`Bandstand needs Node 24, and this is ${process.versions.node}: npm start brings its own.`)
  process.exit(1)
}

// Compiled code is kept between starts: without it every start strips types from all files, which costs 30 MB and 0.1 s.
// Where the folder cannot be written this does nothing. Never the system's shared folder, where others could put code.
module.enableCompileCache(fileURLToPath(new URL('../../node_modules/.cache/bandstand', import.meta.url)))

// Media are buffers outside of the heap, which V8 counts against the heap's next limit: with its own choice of that
// limit twenty publishers cause three full collections a second that find nothing, half of all processor time. With 300
// resident memory settles 20 MB higher, and after half an hour only.
setFlagsFromString('--heap-growing-percent=150')

await import('./main.ts')
