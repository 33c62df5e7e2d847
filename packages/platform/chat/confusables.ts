/**
 * Letters that look like others, after case folding and without marks; an extract by hand of what UTS 39 (4, confusable
 * detection) lists for the Latin letters that reserved names are made of. Each line: the look, then its likenesses.
 */
const LIKENESSES = `
a аαɑａ@4ᴀ
b ьЬвʙƅ8
c сϲᴄ
d ԁɗđᴅ
e еεєҽɛ3ᴇ
f ƒꜰ
g ɡցɢ9
h һհнħʜ
i іιıɩ!ɪ
j јʝᴊ
k кκᴋ
l ӏḷł1|ʟ
m мᴍ
n ոηпɴ
o оοօσøᴏ0๐๏ⲟ
p рρᴘ
q ԛզ
r гʀ
s ѕꜱ$5ʂ
t тτᴛ7+
u υսцᴜʋ
v νᴠѵ
w ԝωшѡᴡ
x хχ
y уγүʏ
z ᴢʐ2
`

const look = new Map<string, string>()
for (const line of LIKENESSES.trim().split('\n')) {
  const [letter = '', likenesses = ''] = line.split(' ')
  for (const likeness of likenesses) look.set(likeness, letter)
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
