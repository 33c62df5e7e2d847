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
    imitations: ['al, AI, A1, Al!, Al|, _Al_, |Al, ★Al★, Al., @l, A l, Аl'],
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
  { owner: 'Band 4', honest: ['Band, Band 5, 4'], imitations: ['band4, Band 4 live, The Band 4'] },
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

test('who is refused is told what to change', () => {
  const result = parseName('real Maestro', { owner: 'Maestro', channel: [] })
  assert.deepEqual(result, {
    refusal: 'name-taken',
    text: 'this name looks like that of the owner, Maestro; choose one without it',
  })
})

test('the name of the channel may be a word in a name, but no name', () => {
  const taken = { owner: 'Maria', channel: ['Late Show', 'cæsar'] }
  for (const name of ['Late Show fan', 'The Late Show']) assert.deepEqual(parseName(name, taken), { name })
  for (const name of ['Late Show!', '|lateshow|', 'Caesar']) assert.ok('refusal' in parseName(name, taken), name)
})

test('the owner may have any name', () => {
  assert.deepEqual(parseName('The Maestro', undefined), { name: 'The Maestro' })
})
