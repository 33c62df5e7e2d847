import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import { chromium } from '../support/browser.ts'
import { waitFor } from '../support/wait.ts'
import type { MockServer } from './mock/model.ts'
import { startMockServer } from './mock/server.ts'
import { mockMessage } from './mock/values.ts'

let browser: Browser
let mock: MockServer
let page: Page

before(async () => {
  browser = await chromium()
})
after(() => browser.close())
beforeEach(async () => {
  mock = await startMockServer()
  page = await browser.newPage({ viewport: { width: 390, height: 844 } })
})
afterEach(async () => {
  await page.context().close()
  await mock.close()
})

const field = () => page.getByRole('textbox', { name: 'Message' })
const log = () => page.getByRole('log')

async function open(): Promise<void> {
  await page.goto(`${mock.url}/@main/chat`)
  await field().waitFor()
  // Until it has joined, what is written is kept and not sent.
  await page.getByText('Joining the chat').waitFor({ state: 'hidden' })
}

test('history is there on joining; talking asks for a name once and remembers it', async () => {
  mock.messages.push(mockMessage('Mira', 'first words'))
  await open()
  await log().getByText('first words').waitFor()
  await field().fill('hello all')
  await field().press('Enter')
  await page.getByLabel('What should we call you?').fill('Jonas')
  await page.getByLabel('What should we call you?').press('Enter')
  await log().getByText('hello all').waitFor()
  await waitFor('it at the server', () => mock.messages.at(-1)?.author.name === 'Jonas')
  await page.reload()
  await log().getByText('hello all').waitFor()
  await field().fill('again')
  await page.getByText('as Jonas').waitFor()
  await field().press('Enter')
  await log().getByText('again', { exact: true }).waitFor()
  await waitFor('both at the server', () => mock.messages.length === 3)
})

test('the history is not read out as if it were said now', async () => {
  mock.messages.push(mockMessage('Mira', 'first words'))
  await page.addInitScript(() => {
    const seen: string[] = []
    Object.assign(globalThis, { seen })
    setInterval(() => {
      const element = document.querySelector('bandstand-chat')?.shadowRoot?.querySelector('.log')
      const now = `${element?.getAttribute('aria-busy')} ${element?.querySelectorAll('li').length}`
      if (now !== seen.at(-1)) seen.push(now)
    }, 10)
  })
  await open()
  const seen = () => page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)
  await waitFor('a log that is at rest', async () => (await seen()).includes('false 1'))
  assert.equal((await seen()).includes('false 0'), false)
  assert.equal((await seen()).includes('true 1'), true)
})

test("a name that imitates the host's is refused in words, and the text is not lost", async () => {
  await open()
  await field().fill('listen to me')
  await field().press('Enter')
  const name = page.getByLabel('What should we call you?')
  await name.fill('The Host')
  await name.press('Enter')
  await page.getByText('That name belongs to the host.').waitFor()
  await name.fill('Somebody')
  await name.press('Enter')
  await log().getByText('listen to me').waitFor()
})

test('whoever changes his name half-way through a sentence finds it again', async () => {
  await open()
  await field().fill('hello')
  await field().press('Enter')
  const name = page.getByLabel('What should we call you?')
  // The first words are not lost either, where no name is given.
  await page.getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await field().inputValue(), 'hello')
  await field().press('Enter')
  await name.fill('Jonas')
  await name.press('Enter')
  await log().getByText('hello').waitFor()
  assert.equal(await field().inputValue(), '')
  await field().fill('half a sen')
  await page.getByRole('button', { name: 'Change name' }).click()
  await name.fill('Mira')
  await name.press('Enter')
  await page.getByText('as Mira').waitFor()
  assert.equal(await field().inputValue(), 'half a sen')
  assert.equal(mock.messages.length, 1)
})

test('links lead to the web only and give nothing away; markup stays text', async () => {
  const text = 'https://example.com/a javascript:alert(1) <img src=x onerror=alert(1)>'
  mock.messages.push(mockMessage('Mira', text))
  await open()
  const link = log().getByRole('link')
  await link.waitFor()
  assert.equal(await link.count(), 1)
  assert.equal(await link.getAttribute('href'), 'https://example.com/a')
  assert.equal(await link.getAttribute('rel'), 'noopener noreferrer nofollow ugc')
  assert.equal(await log().locator('img').count(), 0)
  assert.match((await log().textContent()) ?? '', /<img src=x/)
})

test('somebody who reads further up stays there and is told of new messages', async () => {
  for (let i = 0; i < 60; i++) mock.messages.push(mockMessage('Mira', `line ${i}`))
  await open()
  await log().getByText('line 59').waitFor()
  await log().evaluate((element) => {
    element.scrollTop = 0
  })
  // The page is told that it was scrolled before it draws the next picture.
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))
  mock.push({ type: 'messages', messages: [mockMessage('Jonas', 'news')] })
  await page.getByRole('button', { name: '1 new message' }).click()
  await waitFor('the newest message', () =>
    log().evaluate((element) => element.scrollHeight - element.scrollTop - element.clientHeight < 5),
  )
})

test('no more than 200 messages are kept on the page', async () => {
  await open()
  // What comes before the history is replaced by it.
  await log().getByText('Nobody has said anything yet').waitFor()
  const messages = Array.from({ length: 300 }, (_, i) => mockMessage('Mira', `flood ${i}`))
  mock.push({ type: 'messages', messages })
  await log().getByText('flood 299').waitFor()
  assert.equal(await log().getByRole('listitem').count(), 200)
})

test('too fast, hidden and banned are told plainly', async () => {
  mock.messages.push(mockMessage('Mira', 'rude words'))
  await page.addInitScript(() => localStorage.setItem('bandstand-chat-name', 'Jonas'))
  await open()
  await page.getByText('as Jonas').waitFor()
  await field().fill('!! spam')
  await field().press('Enter')
  await log().getByText('Not sent: You are writing too fast.').waitFor()
  mock.push({ type: 'hidden', ids: [mock.messages[0]?.id ?? ''] })
  await log().getByText('rude words').waitFor({ state: 'detached' })
  mock.push({ type: 'banned', text: 'You were banned from this chat.' })
  await page.getByText('You were banned from this chat.').waitFor()
  assert.equal(await field().count(), 0)
})

test('the connection comes back by itself, without a message shown twice', async () => {
  mock.messages.push(mockMessage('Mira', 'before'))
  await open()
  await log().getByText('before').waitFor()
  await mock.down()
  await page.getByText('Connection lost').waitFor()
  mock.messages.push(mockMessage('Mira', 'meanwhile'))
  await mock.up()
  await log().getByText('meanwhile').waitFor()
  assert.equal(await log().getByText('before').count(), 1)
})

test('the owner comes to Hide and Ban by keyboard and by touch', async () => {
  mock.owner = true
  mock.messages.push(mockMessage('Mira', 'rude words'), mockMessage('Jonas', 'ruder words'))
  await open()
  const opacity = (name: string) =>
    page.getByRole('button', { name }).evaluate((button) => getComputedStyle(button.parentElement ?? button).opacity)
  await log().focus()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  assert.equal(await opacity('Ban Mira'), '1', 'shown with the focus')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('Enter')
  await log().getByText('rude words').waitFor({ state: 'detached' })
  await waitFor('the focus in the log', () => log().evaluate((element) => element.matches(':focus')))
  await page.context().close()

  page = await browser.newPage({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  await open()
  assert.equal(await opacity('Hide message of Jonas'), '1', 'shown where nothing can be pointed with')
  await page.getByRole('button', { name: 'Hide message of Jonas' }).tap()
  await log().getByText('ruder words').waitFor({ state: 'detached' })
})

test('the owner can hide a message and ban its writer; others see no such buttons', async () => {
  mock.messages.push(mockMessage('Mira', 'rude words'))
  await open()
  assert.equal(await page.getByRole('button', { name: /Hide/ }).count(), 0)
  mock.owner = true
  await page.reload()
  await page.getByRole('button', { name: 'Hide message of Mira' }).click()
  await log().getByText('rude words').waitFor({ state: 'detached' })
  assert.ok(mock.requests.some((line) => /^POST \/api\/v1\/channels\/main\/chat\/messages\/[^/]+\/hide$/.test(line)))
})

test('a ban says what it means, and may leave the network address out', async () => {
  mock.owner = true
  mock.messages.push(mockMessage('Mira', 'rude words'))
  await open()
  const ask = () => page.getByRole('button', { name: 'Ban Mira' }).click()
  const dialog = page.getByRole('dialog', { name: 'Ban Mira from this chat?' })
  await ask()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await dialog.waitFor({ state: 'hidden' })
  const bans: unknown[] = []
  page.on('request', (request) => {
    if (request.url().endsWith('/chat/bans')) bans.push(request.postDataJSON().address)
  })
  await ask()
  await dialog.getByRole('button', { name: 'Ban' }).click()
  await waitFor('a ban', () => bans.length === 1)
  await ask()
  await dialog.getByLabel(/network address/).uncheck()
  await dialog.getByRole('button', { name: 'Ban' }).click()
  await waitFor('another', () => bans.length === 2)
  assert.deepEqual(bans, [true, false])
})

test('who is asked about next, before the browser has told of the first answer, is not banned by it', async () => {
  mock.owner = true
  mock.messages.push(mockMessage('Mira', 'spam'), mockMessage('Jonas', 'hello'))
  await open()
  await page.getByRole('button', { name: 'Ban Mira' }).click()
  const first = page.getByRole('dialog', { name: 'Ban Mira from this chat?' })
  const second = page.getByRole('dialog', { name: 'Ban Jonas from this chat?' })
  await first.waitFor()
  const [yes, next] = await Promise.all([
    first.getByRole('button', { name: 'Ban' }).elementHandle(),
    page.getByRole('button', { name: 'Ban Jonas' }).elementHandle(),
  ])
  // In one go: the event `close` comes with the next frame only.
  await page.evaluate(
    ([yes, next]) => {
      ;(yes as HTMLElement).click()
      ;(next as HTMLElement).click()
    },
    [yes, next],
  )
  await waitFor('the ban', () => mock.bans.length > 0)
  assert.deepEqual(
    mock.bans.map(({ name }) => name),
    ['Mira'],
  )
  await second.getByRole('button', { name: 'Cancel' }).click()
  await second.waitFor({ state: 'hidden' })
  assert.equal(mock.bans.length, 1)
})
