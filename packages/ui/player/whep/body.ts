/** Bytes of an answer or a problem: a few kB in practice. */
const bodyMax = 100_000

/** The text of an answer. Rejects with a `RangeError` for one that is longer than any, without reading on. */
export async function readText(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    length += value.length
    if (length > bodyMax) {
      void reader.cancel().catch(() => undefined)
      throw new RangeError('the answer is too long')
    }
    text += decoder.decode(value, { stream: true })
  }
}
