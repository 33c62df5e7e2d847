import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseName } from './name.ts'

/** Names are parted by commas. */
const cases: { owner: string; honest: readonly string[]; imitations: readonly string[] }[] = [
  {
    owner: 'Al',
    honest: [
      'Alice, Alan, Sal, Hal, Ali, Al fan, The Al, Weird Al Fan, Al Pacino, Al92, A Lice, Pal, Étal',
      'Ål Ice, Al + Bea, Ala!',
    ],
    imitations: ['Alʼ, ǀAlǀ, Alꞌ, al, AI, A1, Al!, Al|, _Al_, |Al, ★Al★, Al., @l, A l, Аl'],
  },
  {
    owner: 'Maestro',
    honest: [
      'Maestra, Maestros, Maestrom, Maelstrom, Mae Strong, Mae, Bistro, xMaestrox, Mister O, Master, Æthel',
      'Zoë, Straße 7, Bea + Bob, Ma Estrella, A. Maes, Ada!, $nake, @da, 100%',
    ],
    imitations: [
      'Maestro, Mæstro, MÆSTRO, Mӕstro, The Maestro, real Maestro, Maestro|, Maestro_official, |Maestro|',
      'Maestro1, Maestro 2, Maestro_, Maestro², 1Maestro, M@estro, The M@estro!, real M@e$tro, maestro.tv',
      '★ Maestro ★, the mаestrо, The Ⓜaestro, The 🅼aestro, M a e s t r o tv, Mae-stro, not_Maestro',
      'Maestro❶, Maestro➊, Maestroⅱ, The Maestroⅱ, ǀMaestroǀ, Maestroǃ, Maestroʹ, Maestroʼ, Maestroˈ, Maestroː, Maestroꞌ',
      'TheMaestro, RealMaestro, therealmaestro, MaestroOfficial, MAESTROTV, maestrobot 2, real Mae.stro, real_Mae-stro',
      'Maestro○, The Máestro, I am Maestr0, Maestro/2, Maestro\u00b7live, (Maestro), the ｍａｅｓｔｒｏ',
    ],
  },
  {
    owner: 'Anna',
    honest: ['Hanna, Annabel, Joanna, Ann, Ana, Annalena, Ann Arbor, Susanna B, Annas Fan, Banana, An Nguyen'],
    imitations: ['anna, Änna, Anna1, The Anna, real_anna, Anna|, 4nna, Anna 🎵, Anna.'],
  },
  {
    owner: 'The Band',
    honest: ['The Bandits, Band, Bandana, The Big Band, Abe The Bandit, The, Band of One, Theo Bandini, Brass Band'],
    imitations: ['The Band, TheBand, the_band, The Band!, The Band official, I am The Band, the-band-2, The 8and'],
  },
  {
    owner: 'Weiß',
    honest: ['Weise, Edelweiss, Weis'],
    imitations: ['Weiss, WEIẞ, Herr Weiss, weiß_1'],
  },
  { owner: '|Maestro|', honest: ['Maestra'], imitations: ['Maestro, lMaestrol, The Maestro'] },
  {
    owner: 'Band 4',
    honest: ['Band, Band 5, 4, Banda, Band A, La Banda Loca, Banda 40'],
    imitations: ['band4, Band 4 live, The Band 4, B4nd 4, Band ４'],
  },
  { owner: 'M4estro', honest: ['Maestra'], imitations: ['Maestro, The Maestro, M4estro, m4estro 2'] },
  { owner: '@lex', honest: ['Lex, Lex Luthor'], imitations: ['@lex, Alex, |@lex|'] },
  { owner: '$nake', honest: ['Nake'], imitations: ['Snake, The $nake'] },
  { owner: '$$$ Maestro $$$', honest: ['Maestra'], imitations: ['Maestro, The Maestro'] },
  { owner: '🅼🅰🅴🆂🆃🆁🅾', honest: ['Maestra'], imitations: ['Maestro, The Maestro'] },
  { owner: 'Al 🇩🇪', honest: ['The Al, Al fan'], imitations: ['Al, Al 🇩🇪'] },
  { owner: 'Maestro! Live', honest: ['Maestro, Live'], imitations: ['Maestro Live 2, Maestro! Live fan'] },
  { owner: 'Arne', honest: ['Arnes, Carne, Arn, Arn E Smith'], imitations: ['arne, The Arne, real Arne, Arne 2'] },
  { owner: 'Kern', honest: ['Kernel, Ken R'], imitations: ['The Kern, Kern_2'] },
  { owner: 'Kem', honest: ['Kern fan'], imitations: ['Kem!'] },
  {
    owner: 'Marni',
    honest: ['Mar Nielsen, Marnie, Mar & Nina'],
    imitations: ['real Mar.ni, The M a r n i, The M.a.r.n.i, M a r n i 2'],
  },
  { owner: 'Vivvi', honest: ['Viv, Viv Vincent'], imitations: ['The Viv.vi, Viwi fan'] },
  { owner: 'Theo', honest: ["The O'Brien, The O'Neill, The Old One"], imitations: ['Theo 2, The-o, The T h e o'] },
  { owner: 'Nova', honest: ['Nov A Smith, Nov Adams, Big Nov A'], imitations: ['Nova live, N o v a fan'] },
  { owner: 'Ana Lisa', honest: ['An Alisa Fan, Ana'], imitations: ['The Ana Lisa, analisa tv, ana_lisa_2'] },
  { owner: 'Donald', honest: ['McDonald, MacDonald, Donaldson'], imitations: ['TheDonald, DonaldLive'] },
  { owner: 'Resa', honest: ['Theresa'], imitations: ['The Resa'] },
  { owner: 'Mary Love', honest: ['Mary Truelove'], imitations: ['Mary Love fan'] },
  { owner: '민지', honest: ['민지 팬, 김민지, 민 수지'], imitations: ['민지, ★민지★, 민 지'] },
  { owner: '지우', honest: ['지우 엄마, 지우개'], imitations: ['지우!'] },
  { owner: '민지방송', honest: ['민지 팬'], imitations: ['민지방송 2, 진짜 민지방송'] },
  { owner: 'さくら', honest: ['さくら ファン, さくらい'], imitations: ['さくら'] },
  { owner: 'スタ', honest: ['スター, スタ ファン'], imitations: ['スタ'] },
  { owner: 'ﾄﾞﾗﾄﾞ', honest: ['ドラド ファン'], imitations: ['ドラド'] },
]

test('names with that of the owner in them are refused, those that merely begin or sound alike are not', () => {
  const list = (lines: readonly string[]) => lines.flatMap((line) => line.split(', '))
  for (const { owner, honest, imitations } of cases) {
    const taken = { owner, channel: [] }
    const refused = (name: string) => 'refusal' in parseName(name, taken)
    assert.deepEqual(list(honest).filter(refused), [], `honest beside ${owner}`)
    assert.deepEqual(
      list(imitations).filter((name) => !refused(name)),
      [],
      `imitations of ${owner}`,
    )
  }
})

test('however many words a name has, and in however many ways it is read, each text is looked at once', (t) => {
  const normalize = t.mock.method(String.prototype, 'normalize')
  const taken = { owner: 'Maestro', channel: ['Late Show', 'main', 'stage'] }
  assert.ok('name' in parseName('a b c d e f g h i j k l m n o', taken))
  assert.ok(normalize.mock.callCount() < 150, `${normalize.mock.callCount()} texts normalised`)
})

test('who is refused is told what to change', () => {
  const result = parseName('real Maestro', { owner: 'Maestro', channel: [] })
  assert.deepEqual(result, {
    refusal: 'name-taken',
    text: 'this name looks like that of the owner, Maestro; choose one without it',
  })
})

test('the name of the channel may be a word in a name, but no name', () => {
  const taken = { owner: 'Maria', channel: ['Late Show', 'cæsar', 'Band 4'] }
  for (const name of ['Late Show fan', 'The Late Show', 'Banda']) assert.deepEqual(parseName(name, taken), { name })
  for (const name of ['Late Show!', '|lateshow|', 'Caesar', 'Band4'])
    assert.ok('refusal' in parseName(name, taken), name)
})

test('the owner may have any name', () => {
  assert.deepEqual(parseName('The Maestro', undefined), { name: 'The Maestro' })
})
