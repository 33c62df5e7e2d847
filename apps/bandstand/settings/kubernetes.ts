/** `BANDSTAND_SERVICE_HOST`, `…_SERVICE_PORT`, `…_SERVICE_PORT_HTTP`, and what a port consists of: `…_PORT_8080_TCP_ADDR`. */
const OF_SERVICE =
  /^BANDSTAND_(?:\w+_)?(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_(?:TCP|UDP|SCTP)_(?:PROTO|PORT|ADDR))$/
/** `BANDSTAND_PORT`, `BANDSTAND_PORT_8080_TCP`: told from a mistyped setting by their value. */
const PORT = /^BANDSTAND_(?:\w+_)?PORT(?:_\d+_(?:TCP|UDP|SCTP))?$/

/**
 * Whether Kubernetes has set the variable: each container is told of the Services of its namespace by their names, which for
 * one called `bandstand`, or `bandstand-rtmp`, begin as our settings do.
 */
export function isOfService(name: string, value: string): boolean {
  return OF_SERVICE.test(name) || (PORT.test(name) && /^(?:tcp|udp|sctp):\/\//.test(value))
}
