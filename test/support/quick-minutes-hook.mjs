// Loaded into a server under test by `--import`: what it does once a minute it does every second. The product has no such hook.
const { setInterval } = globalThis

globalThis.setInterval = (run, ms, ...given) => setInterval(run, ms === 60_000 ? 1000 : ms, ...given)
