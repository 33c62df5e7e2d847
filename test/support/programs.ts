import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Debian and Ubuntu package of each program that tests start. */
const packages: Readonly<Record<string, string>> = {
  ffmpeg: 'ffmpeg',
  ffprobe: 'ffmpeg',
  chromium: 'chromium',
  'gst-launch-1.0': 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly',
  obs: 'obs-studio',
  Xvfb: 'xvfb',
  mpv: 'mpv',
  cvlc: 'vlc-bin vlc-plugin-base vlc-plugin-access-extra',
  nginx: 'nginx',
  turnserver: 'coturn',
  'srt-live-transmit': 'srt-tools',
  'srt-file-transmit': 'srt-tools',
  ffplay: 'ffmpeg',
  smbd: 'samba',
  smbclient: 'smbclient',
  unshare: 'util-linux',
  wrk: 'wrk',
}

/** Path of a program, by the first of its names that is there; throws the line that installs it otherwise. */
export function findProgram(...names: readonly [string, ...string[]]): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin']
  for (const name of names)
    for (const folder of folders) if (folder !== '' && existsSync(join(folder, name))) return join(folder, name)
  throw new Error(`${names[0]} is missing. Install it: apt-get install -y ${packages[names[0]] ?? names[0]}`)
}
