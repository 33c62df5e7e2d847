/**
 * Letters that look like others, after case folding and without marks; an extract by hand of what UTS 39 (4, confusable
 * detection) lists for the Latin letters that reserved names are made of, and the letters that are used as their likeness all
 * the same: mirrored, turned, with hooks and strokes that no decomposition takes away, small capitals, and the alphabets whose
 * capitals are those of Latin (Cherokee, Lisu) or are taken for them (Canadian Aboriginal). Each line: the look, then its
 * likenesses.
 */
const LIKENESSES = `
a аαɑａ@4ᴀɐɒꓮᎪᗩᗅ
b ьЬвʙƅ8ɓƀƃßꓐᏴᗷᑲ
c сϲᴄƈȼɕꓚᏟᑕ
d ԁɗđᴅɖƌȡꓓᎠᗪᗞᑯ
e еεєҽɛ3ᴇəɘǝɇɜꓰᎬᗴᕮ
f ƒꜰꞙꓝᖴ
g ɡցɢ9ɠǥꓖᏀᘜ
h һհнħʜɦɧꓧᎻᏂᕼ
i іιıɩ!ǃɪɨꓲᎥᓰ
j јʝᴊɉʄꓙᎫᒍ
k кκᴋƙĸʞꓗᏦ
l ӏḷł1|ǀʟƚɫɬɭȴꓡᏞᒪ
m мᴍɱɯɰꓟᎷᗰ
n ոηпɴиɲɳŋƞɷȵꓠᏁᑎᘉ
o оοօσøᴏ0๐๏ⲟɵɔꓳᎾᗝᓍ〇°∘○◯⭕
p рρᴘƥᵽꓑᏢᑭ
q ԛզɋʠᑫ
r гʀяɹɾɼɽɍɿꓣᎡᖇ
s ѕꜱ$5ʂȿꓢᏚᏕᔕ
t тτᴛ7+ŧƫƭƬʇʈȶꓔᎢᖶ
u υսцᴜʋʉꓴᑌ
v νᴠѵʌⱱꓦᏙᐯ
w ԝωшѡᴡʍⱳꞷщꓪᎳᏔᗯᘺ
x хχꓫ᙭ᕁ
y уγүʏƴɏʎꓬᎩᎽᖻ
z ᴢʐ2ƶȥɀʑꓜᏃᘔᙆ
`

const look = new Map<string, string>()
for (const line of LIKENESSES.trim().split('\n')) {
  const [letter = '', likenesses = ''] = line.split(' ')
  for (const likeness of likenesses.toLowerCase()) look.set(likeness, letter)
}

/** Letters that are read as two, of those that no compatibility form takes apart. */
const LIGATURES: Readonly<Record<string, string>> = {
  ...{ æ: 'ae', ᴁ: 'ae', ᴂ: 'ae', ӕ: 'ae', œ: 'oe', ɶ: 'oe', ᴔ: 'oe', ꜳ: 'aa', ꜵ: 'ao', ꜷ: 'au', ꜹ: 'av' },
  ...{ ꜻ: 'av', ꜽ: 'ay', ꝏ: 'oo', ꝡ: 'vy', ᵫ: 'ue', ȸ: 'db', ȹ: 'qp', ʣ: 'dz', ʦ: 'ts', ʪ: 'ls', ʫ: 'lz' },
}

/** The A of alphabets of signs: regional indicators, of which flags are made, and white letters in black circles and squares. */
const SIGNS = [0x1f1e6, 0x1f150, 0x1f170]
const SIGN = /[\u{1f1e6}-\u{1f1ff}\u{1f150}-\u{1f169}\u{1f170}-\u{1f189}]/gu

/**
 * How a name may be read, each way once: as it stands, its signs being ornaments; with the letters that its signs show; and
 * with ß as what it is, which looks like a b.
 */
export function readings(name: string): readonly string[] {
  const spelt = name.replace(SIGN, (sign) => {
    const code = sign.codePointAt(0) ?? 0
    const first = SIGNS.find((start) => code >= start && code < start + 26) ?? code
    return String.fromCodePoint(0x61 + code - first)
  })
  return [...new Set([name, spelt, spelt.replace(/[ßẞ]/g, 'ss')])]
}

/** Skeletons that were made last. While one name is compared the same texts come again and again, and the owner's each time. */
const made = new Map<string, string>()
const MADE_MAX = 500

/**
 * What a name looks like: names with the same skeleton can be taken for one another. Compatibility forms, case, marks, spaces,
 * punctuation and letters that show nothing (fillers of Hangul) go, the others become what they look like, ligatures two letters.
 */
export function skeleton(name: string): string {
  const known = made.get(name)
  if (known !== undefined) return known
  if (made.size >= MADE_MAX) made.clear()
  const looks = makeSkeleton(name)
  made.set(name, looks)
  return looks
}

function makeSkeleton(name: string): string {
  const bare = name
    .normalize('NFKD')
    .replace(/[\p{M}\p{DI}]/gu, '')
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
  return Array.from(bare, (letter) => look.get(letter) ?? LIGATURES[letter] ?? letter)
    .join('')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w')
    .replace(/[il]/g, 'l')
}
