/** Why a file cannot be read: of the file system in plain words, of a parser its first line, which names the place. */
export function whyUnread({ code, errno, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file'
  if (code === 'EISDIR') return 'this is a folder, not a file'
  if (code === 'EACCES' || code === 'EPERM') return 'this user may not read it'
  const line = (message.split('\n')[0] ?? '').replace(/:$/, '')
  // A parser quotes what it cannot read, and a password may begin with what means something in YAML ("*", "|").
  return errno === undefined ? line.replace(/: .*?(?= at line \d|$)/, '') : line
}
