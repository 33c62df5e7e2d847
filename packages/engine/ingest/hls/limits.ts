/** Bounds of HLS that an encoder makes, whichever way it comes in. Sizes in bytes, times in ms where nothing else is said. */
export const HLS_LIMITS = {
  /**
   * A playlist: some 15 thousand segments with dates or long names, 35 thousand (19 hours) as ffmpeg writes them at its shortest, which no
   * live encoder needs to list. And its lines, two for each of those: a line of one letter is a segment too, which takes hundreds of bytes
   * and as much time as any other.
   */
  playlistBytes: 1024 * 1024,
  playlistLines: 72_000,
  /** A segment, part or initialisation segment: 10 s of 50 Mbit/s. */
  fileBytes: 64 * 1024 * 1024,
  /**
   * Pictures and frames of sound of one segment, where one may have 8 bytes, or none in fragmented MP4: a minute of 120 pictures and 400
   * frames of sound a second has 31,200.
   */
  segmentUnits: 100_000,
  /** What one source may hold that has been read and not been passed on: bytes, and units, which take memory where they are small. */
  pacedBytes: 96 * 1024 * 1024,
  pacedUnits: 200_000,
  /**
   * EXT-X-TARGETDURATION, seconds: how long a source is waited for goes by it. And the largest number of a segment, far below where
   * numbers can no longer be counted up one by one.
   */
  targetSeconds: 60,
  mediaSequence: 2 ** 50,
  /** Names and characters of one name, in a path below the source. */
  nameDepth: 8,
  nameLength: 255,
  uriLength: 2_048,
  /** Characters of an address that a pulled playlist names: so many servers take, and signed ones have a thousand or two. */
  addressLength: 8_192,
  /** Playlists of one source that are remembered while it is not known which of them belong together. */
  playlists: 64,
  /**
   * What these take in memory, bytes: their texts, which names out of them hold, and so much for each segment, part and report. More than
   * the largest playlist alone, or a ladder of nine with five hours of 2 s segments.
   */
  rememberedBytes: 32 * 1024 * 1024,
  listedBytes: 256,
  /** Names that are remembered with what was in them, so that nothing old is taken for what is new. */
  usedNames: 1_024,
  /** Target durations of media that are gone back to at the most, where a playlist lists more when it is first seen. */
  beginTargets: 3,
  /** The same where reading goes on behind a gap, as when a share was away: what is still listed is not lost, but nobody wants to be hours late. */
  gapTargets: 20,
  /**
   * Numbers leap where more segments are missing than could have been made since the state before, by this many a second, and this many
   * besides: then the encoder counts anew, and nothing is lost.
   */
  segmentsPerSecond: 2,
  leapSegments: 16,
  /** An encoder that began later has the playlist until it has listed nothing new for so long, or for so many target durations. */
  rivalQuietMs: 6_000,
  rivalQuietTargets: 3,
  /** So many new beginnings of one playlist within this time are those of two encoders; how long that is said. */
  restarts: 4,
  contestedMs: 60_000,
  /** How long a multivariant playlist is waited for once a media playlist has come. */
  rootGraceMs: 1_500,
  /** How long a file is waited for that a playlist lists: this many target durations, and no less and no more than so long. */
  patienceTargets: 2,
  patienceLeastMs: 3_000,
  patienceMostMs: 20_000,
  /** Target durations of media read ahead, and no less than so much. */
  aheadTargets: 3,
  aheadLeastMs: 8_000,
  /** Without anything new for so long, or for this many target durations, the encoder is lost. */
  silenceMs: 15_000,
  silenceTargets: 4,
  /** A clock that the next segment is further away from is another one, ticks of 90 kHz. */
  jumpTicks: 90_000,
  /** Renditions whose clocks are within this are on the same one, ticks of 90 kHz. */
  sameClockTicks: 60 * 90_000,
  /** How much later than it would have to be a unit is passed on, against networks and disks that are not always as quick. */
  paceMarginMs: 200,
  /** Segments over which it is seen that they come earlier than they need. */
  paceWindow: 8,
  /** Bytes of files of one encoder, on their way, unread or initialisation segments, and of all encoders together. */
  putBytes: 128 * 1024 * 1024,
  putTotalBytes: 512 * 1024 * 1024,
  /** Files of one encoder that are kept: initialisation segments, and what no playlist has listed yet. */
  putFiles: 256,
  /** Names of those that are initialisation segments, which go last: nine of a ladder, and those of a few changes of its settings; bytes of one. */
  putMaps: 64,
  putMapBytes: 64 * 1024,
  /**
   * Initialisation segments of an encoder that is gone, for it to go on with: each has a kilobyte or two, a ladder nine of them. How long
   * they are kept after it was last heard of; bytes and files of one encoder; and encoders, those gone longest first out.
   */
  keptMapMs: 10 * 60_000,
  keptMapBytes: 64 * 1024,
  keptMapFiles: 16,
  keptMapEncoders: 256,
  /** Files of one encoder that are being put at the same time. */
  putAtOnce: 32,
  /** Encoders by PUT, all together. */
  putSessions: 1_000,
  /** How often it is looked whether something that does not come is to be left out. */
  putLookMs: 250,
  /** How often a watched folder is looked at, and the least between two looks where the system tells of changes. */
  lookMs: 250,
  lookLeastMs: 60,
  /** A folder that has not answered for so long (a share that hangs) is said not to; it is asked nothing more until it does. */
  folderAnswerMs: 10_000,
  /** Playlists in a folder that are looked at, where none is named. */
  folderPlaylists: 32,
  /** Redirects of one request to a server. */
  redirects: 5,
  /** A server's answer: its head, and all of it. */
  headMs: 10_000,
  answerMs: 30_000,
  /** After a request in vain the next one waits for so long, and twice that each further time, up to the most. */
  retryMs: 1_000,
  retryMostMs: 10_000,
  /** Nothing is asked for more often than this. */
  reloadLeastMs: 150,
  /**
   * How long a source that may not publish waits until it asks again; and one that an encoder is in the way of, well within the time that a
   * broadcast waits for its next encoder.
   */
  askAgainMs: 5_000,
  askWaitingMs: 500,
  /** A source that waits is alive when something of it came in so many target durations. */
  aliveTargets: 2,
  /** Folders and addresses that are watched. */
  sources: 32,
  /** Media that cannot be read, files in a row, before it is told as a trouble. */
  unreadableInARow: 3,
} as const
