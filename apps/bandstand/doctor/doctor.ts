import { X509Certificate } from 'node:crypto'
import { access, constants, statfs } from 'node:fs/promises'
import { makeFolder, whyUnusable } from '@bandstand/engine/store/folder.ts'
import { holderOfDataFolder } from '@bandstand/engine/store/lock.ts'
import { findFfmpeg } from '../ffmpeg.ts'
import type { Settings } from '../settings/schema.ts'
import { readTls } from '../tls.ts'
import type { Finding } from './finding.ts'
import { hlsSources } from './hls-sources.ts'
import { examinePorts } from './ports.ts'
import { examinePublishHook } from './publish-hook.ts'

/** Says in plain words what is missing or misconfigured on this machine. @returns 1 when something is in the way. */
export async function doctor(settings: Settings, print: (line: string) => void): Promise<number> {
  const running = await holderOfDataFolder(settings.data)
  const isRunning = running !== undefined
  const examined = await Promise.all([
    dataFolder(settings, running),
    examinePorts(settings, isRunning),
    certificate(settings),
    examinePublishHook(settings),
    hlsSources(settings.hlsSources),
  ])
  // One that is too old does not come this far: see `bandstand.mjs`.
  const node: Finding = { level: 'ok', text: `Node ${process.versions.node}` }
  const findings = [node, ...examined.flat(), ffmpeg(settings)]
  const marks = { ok: ' ok  ', note: 'note ', problem: '  !! ' } as const
  for (const { level, text } of findings) print(`${marks[level]} ${text}`)
  const problems = findings.filter(({ level }) => level === 'problem').length
  const well = isRunning ? 'The server of this data folder is running.' : 'Ready to start.'
  print(problems === 0 ? well : `${problems} to mend before ${isRunning ? 'the next' : 'a'} start.`)
  return problems === 0 ? 0 : 1
}

/** @param running the process that works on it just now */
async function dataFolder(
  { data, recording, recordingMaxGb }: Settings,
  running: string | undefined,
): Promise<Finding[]> {
  try {
    await makeFolder(data, 0o700)
    await access(data, constants.R_OK | constants.W_OK | constants.X_OK)
    const { bavail, bsize } = await statfs(data)
    const free = (bavail * bsize) / 1e9
    const found: Finding[] = [{ level: 'ok', text: `data folder ${data} can be written` }]
    if (running !== undefined)
      found.push({ level: 'ok', text: `data folder ${data} is in use by its server (${running})` })
    if (recording && free < recordingMaxGb) {
      found.push({
        level: 'note',
        text: `${free.toFixed(1)} GB free, but recordings may take ${recordingMaxGb} GB: lower --recording-max-gb or free some disk`,
      })
    }
    return found
  } catch (error) {
    return [
      {
        level: 'problem',
        text: `data folder ${data} cannot be used: ${whyUnusable(error)}. Choose another with --data`,
      },
    ]
  }
}

async function certificate(settings: Settings): Promise<Finding> {
  const { tlsCert, publicUrl } = settings
  if (tlsCert === undefined) {
    return publicUrl?.startsWith('https:') === true
      ? { level: 'ok', text: `TLS is expected from the reverse proxy in front of ${publicUrl}` }
      : {
          level: 'note',
          text: 'no certificate: browsers play over HTTP/1.1; Apple devices want HTTP/2 for low latency (--tls-cert, --tls-key)',
        }
  }
  try {
    const { validTo, subject } = new X509Certificate((await readTls(settings))?.cert ?? '')
    const days = (Date.parse(validTo) - Date.now()) / 86_400_000
    if (days < 0) return { level: 'problem', text: `certificate ${tlsCert} expired on ${validTo}` }
    return {
      level: days < 14 ? 'note' : 'ok',
      text: `certificate for ${subject.replaceAll('\n', ', ')} is valid until ${validTo}`,
    }
  } catch (error) {
    return { level: 'problem', text: (error as Error).message }
  }
}

function ffmpeg({ ffmpeg: named }: Settings): Finding {
  const path = findFfmpeg(named)
  if (path !== undefined) return { level: 'ok', text: `ffmpeg found: ${path}` }
  const text =
    'not found: the stream is passed on as it is, but there are no pictures of it (install ffmpeg, or --ffmpeg PATH)'
  return { level: 'note', text: `${named} ${text}` }
}
