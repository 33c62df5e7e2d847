import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { LadderSettings } from '@bandstand/contract/api/ladder.ts'
import type { Browser, Page } from 'playwright-core'
import { chromium } from '../support/browser.ts'
import { waitFor } from '../support/wait.ts'
import type { MockServer } from './mock/model.ts'
import { startMockServer } from './mock/server.ts'
import { mockBan, mockKey, mockMessage } from './mock/values.ts'

let browser: Browser
let mock: MockServer
let page: Page

before(async () => {
  browser = await chromium()
})
after(() => browser.close())
beforeEach(async () => {
  mock = await startMockServer()
  const asset = { channel: 'main', title: 'Yesterday', live: false, startedAt: '2026-01-01T20:00:00.000Z' }
  mock.assets.set('as_old', {
    ...asset,
    id: 'as_old',
    endedAt: '2026-01-01T21:00:00.000Z',
    duration: 3_600_000,
    bytes: 9e8,
  })
  page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(`${mock.url}/studio`)
})
afterEach(async () => {
  await page.unrouteAll({ behavior: 'ignoreErrors' })
  await page.context().close()
  await mock.close()
})

async function signIn(): Promise<void> {
  await page.getByLabel('Owner’s password').fill('open sesame')
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: 'Connect your encoder' }).waitFor()
}

/** The keyboard goes on from there. */
async function focused(heading: string): Promise<void> {
  const element = page.getByRole('heading', { name: heading, exact: true })
  await waitFor(`the focus on ${heading}`, () => element.evaluate((found) => found.matches(':focus')))
}

test('a wrong password is told, the right one opens the studio', async () => {
  await page.getByLabel('Owner’s password').fill('wrong')
  await page.keyboard.press('Enter')
  await page.getByText('That is not the password.').waitFor()
  await signIn()
  await focused('Studio')
})

test('the key is hidden until asked for, and a new one needs a yes', async () => {
  await signIn()
  const key = page.getByLabel('Stream key', { exact: true })
  assert.equal(await key.getAttribute('type'), 'password')
  await page.getByRole('button', { name: 'Show Stream key' }).click()
  assert.equal(await key.inputValue(), 'k3y0123456789abcdefghij')
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await key.inputValue(), 'k3y0123456789abcdefghij')
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByRole('button', { name: 'Make a new key' }).click()
  await page.getByText('The old one does not work any more.').waitFor()
  assert.equal(await key.inputValue(), 'new0123456789abcdefghij')
})

test('addresses for other encoders are folded away, and show the key when they are asked to', async () => {
  await signIn()
  const field = (name: string) => page.getByLabel(name, { exact: true })
  await field('Server').waitFor()
  assert.equal(await field('SRT address').isVisible(), false)
  await page.getByText('Other encoders: SRT, WHIP, HLS').click()
  const addresses = {
    'SRT address': 'srt://192.0.2.1:8890?streamid=publish:k3y0123456789abcdefghij',
    'WHIP address': `${mock.url}/live/main/whip`,
    'HLS address': `${mock.url}/ingest/hls/k3y0123456789abcdefghij/out.m3u8`,
  }
  for (const [name, address] of Object.entries(addresses)) {
    assert.equal(await field(name).inputValue(), address)
    assert.equal(await field(name).getAttribute('type'), address.includes('k3y') ? 'password' : 'text', name)
  }
  await page.getByRole('button', { name: 'Show HLS address' }).click()
  assert.equal(await field('HLS address').getAttribute('type'), 'text')
})

for (const clipboard of ['allowed', 'missing, as over plain http'] as const) {
  test(`the key is copied without being shown (clipboard ${clipboard})`, async () => {
    if (clipboard === 'allowed') await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
    else await page.addInitScript('delete Navigator.prototype.clipboard')
    // What says that it was copied goes after two seconds, which a busy machine may miss.
    await page.addInitScript(() => {
      const later = window.setTimeout
      Object.assign(window, { setTimeout: (run: () => void, ms?: number) => later(run, ms === 2000 ? 60_000 : ms) })
    })
    await page.reload()
    await signIn()
    const copy = page.getByRole('button', { name: 'Copy Stream key' })
    await copy.focus()
    await page.keyboard.press('Enter')
    await page.getByText('Stream key copied').waitFor({ state: 'attached' })
    assert.equal(await copy.evaluate((button) => button.matches(':focus')), true, 'the focus stays on the button')
    assert.equal(await page.getByLabel('Stream key', { exact: true }).getAttribute('type'), 'password')
    const title = page.locator('studio-page-card').getByLabel('Title')
    await title.fill('')
    await page.keyboard.press('Control+V')
    await waitFor('the key', async () => (await title.inputValue()) === 'k3y0123456789abcdefghij')
  })
}

test('a key that could not be copied is not said to be', async () => {
  await page.addInitScript('delete Navigator.prototype.clipboard; document.execCommand = () => false')
  await page.reload()
  await signIn()
  await page.getByRole('button', { name: 'Copy Stream key' }).click()
  await page.getByRole('alert').getByText('Your browser does not let the page copy.').waitFor()
  assert.equal(await page.getByText('Stream key copied').count(), 0)
})

test('an answer that comes late does not bring the old key back', async () => {
  let answer: () => void = () => undefined
  const late = new Promise<void>((resolve) => {
    answer = resolve
  })
  await page.route('**/channels/*/key', async (route) => {
    const response = await route.fetch()
    await late
    await route.fulfill({ response })
  })
  await signIn()
  await page.getByRole('button', { name: 'New key' }).click()
  await page.getByRole('button', { name: 'Make a new key' }).click()
  const key = page.getByLabel('Stream key', { exact: true })
  await key.waitFor()
  assert.equal(await key.inputValue(), 'new0123456789abcdefghij')
  const answered = page.waitForResponse((response) => response.url().endsWith('/key'))
  answer()
  await (await answered).finished()
  // The page takes it in a turn of its own.
  await page.evaluate('new Promise((done) => setTimeout(done, 100))')
  assert.equal(await key.inputValue(), 'new0123456789abcdefghij')
})

test('an address whose fragment is no text opens the first channel', async () => {
  await page.goto(`${mock.url}/studio#%`)
  await page.reload()
  await signIn()
})

test('what the encoder sends is shown with advice', async () => {
  await signIn()
  await page.getByText('every 8.3 s').waitFor()
  await page.getByText('Could be better').waitFor()
  await page.getByText('Keyframe Interval').waitFor()
})

test('what is being typed is not overwritten by the next poll, and saving keeps it', async () => {
  await signIn()
  const title = page.locator('studio-page-card').getByLabel('Title')
  await title.fill('A new name')
  await page.waitForTimeout(6000)
  assert.equal(await title.inputValue(), 'A new name')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.getByText('Saved.').waitFor()
  assert.equal(mock.channels.get('main')?.title, 'A new name')
})

test('a picture for offline that is too large is refused before it is sent; one that is there can be removed', async () => {
  const channel = mock.channels.get('main')
  assert.ok(channel)
  mock.channels.set('main', { ...channel, offlineImage: '/api/v1/channels/main/offline-image/1.png' })
  await signIn()
  const file = { name: 'away.png', mimeType: 'image/png', buffer: Buffer.alloc(2 * 1024 * 1024 + 1) }
  await page.getByLabel('Picture shown while offline').setInputFiles(file)
  await page.getByText('The picture may be up to 2 MB.').waitFor()
  await page.getByRole('button', { name: 'Remove picture', exact: true }).click()
  await page.getByText('Picture removed.').waitFor()
  await page.getByAltText('The picture shown while offline').waitFor({ state: 'detached' })
  const asked = mock.requests.filter((line) => line.endsWith('offline-image'))
  assert.deepEqual(asked, ['DELETE /api/v1/channels/main/offline-image'])
})

test('smaller pictures are chosen; encoders that do not work here are not offered', async () => {
  await signIn()
  const card = page.locator('studio-ladder-card')
  await card.getByLabel('Made').selectOption('Always')
  assert.deepEqual(await card.getByLabel('Encoder').locator('option').allTextContents(), ['x264 (processor)'])
  await card.getByRole('button', { name: 'Remove picture 2' }).click()
  await card.getByRole('button', { name: 'Add a picture' }).click()
  await card.getByLabel('kbit/s').last().fill('350')
  await card.getByRole('button', { name: 'Save the ladder' }).click()
  await card.getByText('It counts from the next broadcast on.').waitFor()
  assert.deepEqual(await (await fetch(`${mock.url}/api/v1/channels/main/ladder`)).json(), {
    mode: 'always',
    encoder: 'x264',
    preset: 'veryfast',
    rungs: [
      { height: 480, bitrate: 1_400_000, frameRate: 30 },
      { height: 240, bitrate: 350_000, frameRate: 30 },
    ],
  })
})

test('what is typed for a smaller picture goes where its row goes, and stays while the ladder is looked at', async () => {
  await signIn()
  const card = page.locator('studio-ladder-card')
  const heights = card.getByLabel('Height')
  const shown = () => heights.evaluateAll((inputs) => inputs.map((input) => (input as HTMLInputElement).value))
  await heights.first().fill('500')
  await heights.last().fill('480')
  await page.route('**/channels/main/health', async (route) => {
    const response = await route.fetch()
    const health = await response.json()
    const ladder = { ...health.encoder.ladder, state: 'waiting' }
    await route.fulfill({ json: { ...health, encoder: { ...health.encoder, ladder } } })
  })
  await card.getByText('Ready: nobody watches a smaller picture.').waitFor()
  assert.deepEqual(await shown(), ['500', '480'])
  await card.getByRole('button', { name: 'Remove picture 1' }).click()
  await heights.nth(1).waitFor({ state: 'detached' })
  assert.deepEqual(await shown(), ['480'])
  await card.getByRole('button', { name: 'Add a picture' }).click()
  await heights.first().fill('240')
  await heights.last().fill('480')
  await card.getByRole('button', { name: 'Save the ladder' }).click()
  await card.getByText('It counts from the next broadcast on.').waitFor()
  // The server sorts them.
  assert.deepEqual(await shown(), ['480', '240'])
})

test('sizes and bitrates that the API has taken do not stop a form from being saved', async () => {
  const url = `${mock.url}/api/v1/channels/main/ladder`
  const before = (await (await fetch(url)).json()) as LadderSettings
  const settings: LadderSettings = { ...before, rungs: [{ height: 481, bitrate: 812_345, frameRate: 30 }] }
  await fetch(url, { method: 'PUT', body: JSON.stringify(settings), headers: { 'content-type': 'application/json' } })
  await signIn()
  const card = page.locator('studio-ladder-card')
  await card.getByRole('button', { name: 'Save the ladder' }).click()
  await card.getByText('It counts from the next broadcast on.').waitFor()
  assert.deepEqual(await (await fetch(url)).json(), settings)
  await fetch(url, { method: 'PUT', body: JSON.stringify(before), headers: { 'content-type': 'application/json' } })
})

test('what becomes of the smaller pictures is told while the studio is open', async () => {
  await signIn()
  const card = page.locator('studio-ladder-card')
  await card.getByText('Being made now.').waitFor()
  await page.route('**/channels/main/health', async (route) => {
    const response = await route.fetch()
    const health = await response.json()
    const [rung, ...others] = health.encoder.ladder.rungs
    const message = 'this machine is too slow for 480p; left out for a while'
    const ladder = { ...health.encoder.ladder, rungs: [{ ...rung, shed: true }, ...others], message }
    await route.fulfill({ json: { ...health, encoder: { ...health.encoder, ladder } } })
  })
  await card.getByText('Being made now. This machine is too slow for 480p; left out for a while.').waitFor()
})

test('the delay of a channel is chosen by keyboard and saved at once', async () => {
  await signIn()
  const low = page.getByRole('radio', { name: 'Low' })
  assert.equal(await low.isChecked(), true)
  await low.focus()
  await page.keyboard.press('ArrowUp')
  const deadline = Date.now() + 30_000
  while (mock.channels.get('main')?.latency !== 'real-time' && Date.now() < deadline) await page.waitForTimeout(50)
  assert.equal(mock.channels.get('main')?.latency, 'real-time')
})

/** Answers the next requests of a method with a refusal, or holds their answers back until told. */
async function refuse(method: string): Promise<void> {
  await page.route('**/api/v1/channels/**', (route) =>
    route.request().method() === method
      ? route.fulfill({ status: 503, json: { code: 'unavailable', detail: 'try again later' } })
      : route.fallback(),
  )
}

async function hold(method: string): Promise<() => void> {
  let go: () => void = () => undefined
  const held = new Promise<void>((resolve) => {
    go = resolve
  })
  await page.route('**/api/v1/channels/**', async (route) => {
    if (route.request().method() !== method) return route.fallback()
    const response = await route.fetch()
    await held
    await route.fulfill({ response })
  })
  return go
}

test('what the server refuses is shown as it still is', async () => {
  await signIn()
  await refuse('PATCH')
  const open = page.getByLabel('Open for everybody')
  await open.click()
  await page.locator('studio-chat-card').getByText('Try again later.').waitFor()
  assert.equal(await open.isChecked(), true)
  const slow = page.getByLabel('Slow mode')
  await slow.selectOption('60')
  await page.waitForFunction((select) => (select as HTMLSelectElement).value === '0', await slow.elementHandle())
  await page.getByRole('radio', { name: 'Normal' }).click()
  await page.locator('studio-latency-card').getByText('Try again later.').waitFor()
  assert.equal(await page.getByRole('radio', { name: 'Low' }).isChecked(), true)
  assert.equal(await page.getByRole('radio', { name: 'Normal' }).isChecked(), false)
})

test('an answer about one channel says nothing about another that was opened meanwhile', async () => {
  const main = mock.channels.get('main')
  assert.ok(main)
  mock.channels.set('garden', { ...main, slug: 'garden', title: 'Garden' })
  await page.reload()
  await signIn()
  const ladder = page.locator('studio-ladder-card')
  const first = ladder.getByLabel('Height').first()
  await first.waitFor()
  const before = await first.inputValue()
  const answer = await hold('PUT')
  await first.fill('600')
  await ladder.getByRole('button', { name: 'Save the ladder' }).click()
  const save = await hold('PATCH')
  await page.locator('studio-page-card').getByLabel('Title').fill('Renamed')
  await page.locator('studio-page-card').getByRole('button', { name: 'Save', exact: true }).click()
  await page.route('**/channels/garden/ladder', async (route) => {
    const response = await route.fetch()
    const settings = await response.json()
    const [rung, ...others] = settings.rungs
    await route.fulfill({ json: { ...settings, rungs: [{ ...rung, height: Number(before) }, ...others] } })
  })
  await page.getByRole('link', { name: 'Garden' }).click()
  await page.getByRole('heading', { name: 'Garden', exact: true }).waitFor()
  await first.waitFor()
  answer()
  save()
  await page.waitForTimeout(300)
  assert.equal(await first.inputValue(), before)
  assert.equal(await page.getByText('Saved.').count(), 0)
  assert.match(page.url(), /#garden$/)
})

test('a list of the channels that was asked for before a change does not undo it', async () => {
  await signIn()
  const [asked, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  await page.route('**/api/v1/channels', async (route) => {
    if (route.request().method() !== 'GET') return route.fallback()
    const response = await route.fetch()
    asked.resolve()
    await told.promise
    await route.fulfill({ response })
  })
  await page.getByRole('button', { name: 'New channel' }).click()
  await page.getByRole('dialog').getByLabel('Title').fill('Garden')
  await page.getByRole('button', { name: 'Make channel' }).click()
  await asked.promise
  // The list may have been asked for in passing.
  await page.getByRole('dialog').waitFor({ state: 'hidden' })
  await page.locator('studio-page-card').getByLabel('Title').fill('Renamed')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  const renamed = page.getByRole('link', { name: 'Renamed', exact: true })
  await renamed.waitFor()
  const answered = page.waitForResponse((response) => response.url().endsWith('/channels'))
  told.resolve()
  await (await answered).finished()
  // The page takes it in a turn of its own.
  await page.evaluate('new Promise((done) => setTimeout(done, 100))')
  assert.equal(await renamed.count(), 1)
})

test('what is set while a picture is being removed stays set', async () => {
  const channel = mock.channels.get('main') ?? assert.fail()
  mock.channels.set('main', { ...channel, offlineImage: '/api/v1/channels/main/offline-image/1.png' })
  await signIn()
  const answer = await hold('DELETE')
  await page.getByRole('button', { name: 'Remove picture', exact: true }).click()
  const normal = page.getByRole('radio', { name: 'Normal' })
  const answered = page.waitForResponse((response) => response.request().method() === 'PATCH')
  await normal.click()
  await (await answered).finished()
  answer()
  await page.getByText('Picture removed.').waitFor()
  assert.equal(await normal.isChecked(), true)
  assert.equal(await page.getByAltText('The picture shown while offline').count(), 0)
})

test('a channel is made, found by its address, renamed and deleted', async () => {
  await signIn()
  await page.getByRole('button', { name: 'New channel' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Title').fill('Garden Rádio!')
  assert.equal(await dialog.getByLabel('Address').inputValue(), 'garden-radio')
  // An address that was typed by hand stays; the next channel's follows its title again.
  await dialog.getByLabel('Address').fill('mine')
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await page.getByRole('button', { name: 'New channel' }).click()
  await dialog.getByLabel('Title').fill('日本語')
  assert.equal(await dialog.getByLabel('Address').inputValue(), 'channel-2')
  await dialog.getByLabel('Title').fill('Garden Rádio!')
  await dialog.getByRole('button', { name: 'Make channel' }).click()
  await page.getByRole('heading', { name: 'Garden Rádio!' }).waitFor()
  assert.match(page.url(), /#garden-radio$/)
  await page.locator('studio-page-card').getByLabel('Address').fill('radio')
  await page.getByRole('button', { name: 'Save', exact: true }).click()
  await page.waitForURL(/#radio$/)
  await page.getByRole('button', { name: 'Delete channel …' }).click()
  await page.getByRole('button', { name: 'Delete the channel' }).click()
  await page.getByRole('heading', { name: 'Late Night Synthesis' }).waitFor()
  assert.equal(mock.channels.has('radio'), false)
})

test('recordings can be watched, downloaded and deleted', async () => {
  await signIn()
  assert.equal(await page.getByRole('link', { name: 'Watch' }).getAttribute('href'), '/watch/as_old')
  assert.equal(await page.getByRole('link', { name: 'Download' }).getAttribute('href'), '/vod/as_old/download.mp4')
  await page.getByRole('button', { name: /^Delete Yesterday/ }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click()
  await page.getByText('Nothing yet.').waitFor()
  assert.equal(mock.assets.size, 0)
  await focused('Recordings')
})

test('who is banned is listed with what is banned, and let back in', async () => {
  mock.bans.push(mockBan('Mira', true), mockBan('Jonas', false))
  await signIn()
  const line = (name: string) => page.getByRole('listitem').filter({ hasText: name })
  assert.match(await line('Mira').innerText(), /network address/)
  assert.doesNotMatch(await line('Jonas').innerText(), /network address/)
  await page.getByRole('button', { name: 'Let back in Mira' }).click()
  await page.getByRole('button', { name: 'Let back in Mira' }).waitFor({ state: 'detached' })
  await focused('Banned')
  assert.deepEqual(
    mock.bans.map(({ name }) => name),
    ['Jonas'],
  )
})

test('who is banned while the studio is open can be let back in at once, whoever did it where', async () => {
  mock.messages.push(mockMessage('Mira', 'rude words'), mockMessage('Jonas', 'ruder words'))
  await signIn()
  await page.getByText('Nobody. Each message has').waitFor()
  await page.getByRole('button', { name: 'Ban Mira' }).click()
  await page.getByRole('dialog', { name: 'Ban Mira from this chat?' }).getByRole('button', { name: 'Ban' }).click()
  await page.getByRole('button', { name: 'Let back in Mira' }).waitFor()
  // On the channel's page, of which the studio hears that messages are hidden.
  mock.bans.push(mockBan('Jonas', true))
  mock.push({ type: 'hidden', ids: mock.messages.filter(({ author }) => author.name === 'Jonas').map(({ id }) => id) })
  await page.getByRole('button', { name: 'Let back in Jonas' }).waitFor()
})

test('signing out leads back to the password, and so does a session that has ended', async () => {
  await signIn()
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.getByLabel('Owner’s password').waitFor()
})

test('a further key is added by keyboard, shown, and revoked with a yes', async () => {
  mock.keys.push(mockKey('Camera 2', { usedAt: '2026-01-02T20:00:00.000Z', inUse: true }))
  await signIn()
  const card = page.locator('studio-keys-card')
  await card.getByText('live now').waitFor()
  await card.getByLabel('Who or what it is for').focus()
  await page.keyboard.type('The band')
  await page.keyboard.press('Enter')
  await card.getByText('The new key is in the list.').waitFor()
  const field = card.getByLabel('Key of The band', { exact: true })
  assert.match(await field.inputValue(), /^further-key-/)
  assert.equal(await card.getByLabel('Who or what it is for').inputValue(), '')
  assert.equal(await card.getByLabel('Key of Camera 2', { exact: true }).count(), 0)
  await card.getByRole('button', { name: 'Show Camera 2' }).click()
  await card.getByLabel('Key of Camera 2', { exact: true }).waitFor()
  await card.getByRole('button', { name: 'Hide Camera 2' }).click()

  await card.getByRole('button', { name: 'Revoke … Camera 2' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click()
  assert.equal(mock.keys.length, 2)
  await card.getByRole('button', { name: 'Revoke … Camera 2' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: 'Revoke the key' }).click()
  await focused('More keys')
  assert.deepEqual(
    mock.keys.map(({ note }) => note),
    ['The band'],
  )
})

test('a question that is asked again before the browser has told of the end of the last is answered by its own buttons', async () => {
  mock.keys.push(mockKey('Camera 2', {}))
  await signIn()
  const revoke = page.getByRole('button', { name: 'Revoke … Camera 2' })
  const cancel = page.getByRole('dialog').getByRole('button', { name: 'Cancel' })
  await revoke.click()
  await cancel.waitFor()
  const [again, no] = await Promise.all([revoke.elementHandle(), cancel.elementHandle()])
  // In one go: the event `close` comes with the next frame only.
  await page.evaluate(
    ([again, no]) => {
      ;(no as HTMLElement).click()
      ;(again as HTMLElement).click()
    },
    [again, no],
  )
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))))
  assert.equal(mock.keys.length, 1)
  await page.getByRole('button', { name: 'Revoke the key' }).click()
  await focused('More keys')
  assert.equal(mock.keys.length, 0)
})

test('a key for a guest is made with its end and addresses, and what cannot be is told', async () => {
  await signIn()
  const card = page.locator('studio-guest-card')
  await card.getByLabel('Only from these addresses').fill('home')
  await card.getByRole('button', { name: 'Make a key' }).click()
  await card.getByText('"home" is no IP address or network.').waitFor()
  await card.getByLabel('Only from these addresses').fill('192.0.2.0/24, 198.51.100.7')
  await card.getByLabel('Is stopped after').selectOption('4 hours')
  await card.getByRole('button', { name: 'Make a key' }).click()
  const field = card.getByLabel('Key for a guest', { exact: true })
  assert.equal(await field.inputValue(), 'bs1.cG9saWN5.c2lnbmF0dXJl')
  await card.getByText('from 192.0.2.0/24, 198.51.100.7, and goes off at').waitFor()
  await card.getByRole('button', { name: 'Revoke all' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke all' }).click()
  await card.getByText('No key that was signed before works any more.').waitFor()
  assert.equal(await field.count(), 0)
})

test('the channel that is open stays open when the list comes in another order, or another channel begins it', async () => {
  await signIn()
  const title = page.locator('bandstand-studio .top h2')
  const open = await title.textContent()
  const main = mock.channels.get('main')
  assert.ok(main)
  mock.channels.clear()
  mock.channels.set('garden', { ...main, slug: 'garden', title: 'Garden' })
  mock.channels.set('main', main)
  await page.getByRole('link', { name: 'Garden' }).waitFor()
  await page.waitForTimeout(300)
  assert.equal(await title.textContent(), open)
})
