/** How loud a track is. */
export interface LevelMeter {
  /** Peak since the last call, 0 to 1. */
  read(): number
  close(): void
}

/** Listens to a track; it is not heard by it. */
export function createLevelMeter(track: MediaStreamTrack): LevelMeter {
  const context = new AudioContext()
  const analyser = context.createAnalyser()
  analyser.fftSize = 4096
  const source = context.createMediaStreamSource(new MediaStream([track]))
  source.connect(analyser)
  // Without a gesture it waits for one.
  void context.resume().catch(() => undefined)
  const wave = new Float32Array(analyser.fftSize)
  return {
    read() {
      analyser.getFloatTimeDomainData(wave)
      let peak = 0
      for (const value of wave) peak = Math.max(peak, Math.abs(value))
      return Math.min(1, peak)
    },
    close() {
      source.disconnect()
      void context.close().catch(() => undefined)
    },
  }
}
