import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePageAddress, printOembed } from './oembed.ts'

const origin = 'https://stage.example'

test('pages of this server are known by their address, others are not', () => {
  const parsed = (path: string) => parsePageAddress(path, origin)
  assert.deepEqual(parsed('https://stage.example/'), { kind: 'front' })
  assert.deepEqual(parsed('http://stage.example/@main?from=mail#chat'), { kind: 'channel', slug: 'main' })
  assert.deepEqual(parsed('https://stage.example/@main/embed'), { kind: 'channel', slug: 'main' })
  assert.deepEqual(parsed('https://stage.example/watch/as_1'), { kind: 'asset', id: 'as_1' })
  for (const other of [
    'https://other.example/@main',
    'https://stage.example:444/@main',
    'https://stage.example/@main/chat',
    'https://stage.example/studio',
    'javascript://stage.example/@main',
    '/@main',
    '',
  ]) {
    assert.equal(parsed(other), undefined, other)
  }
})

test('a server whose own address is not known has no pages to embed', () => {
  for (const own of ['http://', 'http://a:99999']) assert.equal(parsePageAddress('http://a/@main', own), undefined, own)
})

test('the player fits into what is asked for and keeps its shape', () => {
  const size = (query: object) => {
    const { width, height } = printOembed({ title: 'T', player: `${origin}/@main/embed`, origin }, query)
    return [width, height]
  }
  assert.deepEqual(size({}), [640, 360])
  assert.deepEqual(size({ maxwidth: '320' }), [320, 180])
  assert.deepEqual(size({ maxwidth: '2000', maxheight: '90' }), [160, 90])
  assert.deepEqual(size({ maxwidth: 'wide', maxheight: '-1' }), [640, 360])
})

test('the player has the shape of the picture, upright ones too', () => {
  const answer = (width: number, height: number, query: object) =>
    printOembed(
      { title: 'T', player: `${origin}/@main/embed`, origin, image: `${origin}/a.jpg`, size: { width, height } },
      query,
    )
  const size = (width: number, height: number, query: object = {}) => {
    const { width: w, height: h, html } = answer(width, height, query)
    assert.ok(html.includes(` width="${w}" height="${h}" `), html)
    return [w, h]
  }
  assert.deepEqual(size(1080, 1920), [360, 640])
  assert.deepEqual(size(1080, 1920, { maxwidth: '180' }), [180, 320])
  assert.deepEqual(size(1080, 1920, { maxheight: '160' }), [90, 160])
  assert.deepEqual(size(640, 480), [640, 480])
  assert.deepEqual(size(100_000, 2, { maxwidth: '100' }), [100, 1])
})

test('a picture has the size that it is made in, and is left out where it does not fit or its size is not known', () => {
  const image = `${origin}/live/main/thumbnail.jpg`
  const picture = (size: [number, number] | undefined, query: object = {}) => {
    const video = size && { size: { width: size[0], height: size[1] } }
    const answer: object = printOembed({ title: '', player: `${origin}/@main/embed`, origin, image, ...video }, query)
    return 'thumbnail_url' in answer ? answer : undefined
  }
  const of = (width: number, height: number) => ({
    thumbnail_url: image,
    thumbnail_width: width,
    thumbnail_height: height,
  })
  assert.partialDeepStrictEqual(picture([1920, 1080]), of(640, 360))
  assert.partialDeepStrictEqual(picture([1080, 1920]), of(640, 1136))
  // Not enlarged.
  assert.partialDeepStrictEqual(picture([427, 240]), of(426, 238))
  assert.partialDeepStrictEqual(picture([1920, 1080], { maxwidth: '640', maxheight: '360' }), of(640, 360))
  assert.equal(picture([1920, 1080], { maxwidth: '639' }), undefined)
  assert.equal(picture([1920, 1080], { maxheight: '359' }), undefined)
  assert.equal(picture(undefined), undefined)
})

test('the frame is escaped', () => {
  const answer = printOembed({ title: '"><script>', player: `${origin}/@main/embed?"`, origin }, {})
  assert.doesNotMatch(answer.html, /<script>|\?""/)
  assert.ok(!('thumbnail_url' in answer))
})
