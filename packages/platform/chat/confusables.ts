/**
 * Letters that look like others, after case folding and without marks; an extract by hand of what UTS 39 (4, confusable
 * detection) lists for the Latin letters that reserved names are made of, and the letters that are used as their likeness all
 * the same: mirrored, turned, with hooks and strokes that no decomposition takes away, small capitals, and the alphabets whose
 * capitals are those of Latin (Cherokee, Lisu). Each line: the look, then its likenesses.
 */
const LIKENESSES = `
a аαɑａ@4ᴀɐɒꓮᎪ
b ьЬвʙƅ8ɓƀƃßꓐᏴ
c сϲᴄƈȼɕꓚᏟ
d ԁɗđᴅɖƌȡꓓᎠ
e еεєҽɛ3ᴇəɘǝɇɜꓰᎬ
f ƒꜰꞙꓝ
g ɡցɢ9ɠǥꓖᏀ
h һհнħʜɦɧꓧᎻᏂ
i іιıɩ!ɪɨꓲᎥ
j јʝᴊɉʄꓙᎫ
k кκᴋƙĸʞꓗᏦ
l ӏḷł1|ʟƚɫɬɭȴꓡᏞ
m мᴍɱɯɰꓟᎷ
n ոηпɴиɲɳŋƞɷȵꓠᏁ
o оοօσøᴏ0๐๏ⲟɵɔꓳᎾ
p рρᴘƥᵽꓑᏢ
q ԛզɋʠ
r гʀяɹɾɼɽɍɿꓣᎡ
s ѕꜱ$5ʂȿꓢᏚᏕ
t тτᴛ7+ŧƫƭƬʇʈȶꓔᎢ
u υսцᴜʋʉꓴ
v νᴠѵʌⱱꓦᏙ
w ԝωшѡᴡʍⱳꞷщꓪᎳᏔ
x хχꓫ
y уγүʏƴɏʎꓬᎩᎽ
z ᴢʐ2ƶȥɀʑꓜᏃ
`

const look = new Map<string, string>()
for (const line of LIKENESSES.trim().split('\n')) {
  const [letter = '', likenesses = ''] = line.split(' ')
  for (const likeness of likenesses.toLowerCase()) look.set(likeness, letter)
}

/**
 * What a name looks like: names with the same skeleton can be taken for one another. Compatibility forms, case, marks, spaces
 * and punctuation go, letters become what they look like.
 */
export function skeleton(name: string): string {
  const bare = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().normalize('NFKD').replace(/\p{M}/gu, '')
  return Array.from(bare, (letter) => look.get(letter) ?? letter)
    .join('')
    .replace(/[^\p{L}\p{N}]/gu, '')
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w')
    .replace(/[il]/g, 'l')
}
