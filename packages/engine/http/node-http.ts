/**
 * Node's HTTP server, taken as CommonJS takes it. An `import` reads whatever `node:http` exports, and to read one of that,
 * `WebSocket`, loads Node's other HTTP client as a whole: 20 ms of each start, and 5 MB for good.
 */
export const { createServer, STATUS_CODES } = process.getBuiltinModule('node:http')
