import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryFolder } from '../../test/support/temporary.ts'
import { freePort } from '../support/free-port.ts'
import { type Nginx, startNginx, waitForPort } from './nginx.ts'

export interface NginxRtmp extends Nginx {
  /** `rtmp://127.0.0.1:PORT/live`; any key publishes. */
  readonly rtmp: string
  /** Address of a key's HLS playlist. */
  readonly hls: (key: string) => string
}

/**
 * nginx-rtmp making HLS; pushes on to `push` when given.
 *
 * Fragments of 4 s: our declared target duration, and near its own default of 5 s. It cuts at the first key frame at or
 * after that, so with key frames each 2 s it writes half as many files as we cut segments. That is in its favour: with
 * fragments of 2 s it takes about a tenth more processor time (7.3 instead of 6.7 % of a core for 20 publishers of
 * 4 Mbit/s; 1.4 % without HLS). It keeps 60 s, as our live playlist does. Both write to the temporary folder: it each
 * MPEG-TS fragment and its playlist anew, we the recording and its index.
 */
export async function startNginxRtmp(
  options: { readonly push?: string; readonly folder?: string } = {},
): Promise<NginxRtmp> {
  const rtmpPort = await freePort()
  const folder = options.folder ?? temporaryFolder('nginx-rtmp')
  mkdirSync(join(folder, 'hls'), { recursive: true })
  const nginx = await startNginx({
    folder,
    modules: ['ngx_rtmp_module.so'],
    main: `rtmp { server { listen 127.0.0.1:${rtmpPort}; chunk_size 4096; application live {
      live on; hls on; hls_path FOLDER/hls; hls_fragment 4s; hls_playlist_length 60s;
      ${options.push === undefined ? '' : `push ${options.push};`}
    } } }`,
    http: 'server { listen 127.0.0.1:PORT; root FOLDER; }',
  })
  await waitForPort(rtmpPort)
  return {
    ...nginx,
    rtmp: `rtmp://127.0.0.1:${rtmpPort}/live`,
    hls: (key) => `http://127.0.0.1:${nginx.port}/hls/${key}.m3u8`,
  }
}
