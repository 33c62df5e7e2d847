/** Every bound of the pictures in one place. Times in milliseconds, sizes in bytes or pixels. */
export const PICTURE_LIMITS = {
  /** Widest picture; narrower ones are not enlarged. */
  width: 640,
  /** A live picture is made again when somebody asks for it and it is older than this; so is one that failed. */
  fresh: 10_000,
  /** The same for the poster of a broadcast that still runs. */
  poster: 60_000,
  /** ffmpeg takes about 0.1 s for one picture, more on a busy machine; it is killed after this. */
  patience: 8_000,
  /** Of what ffmpeg may write. */
  output: 1_000_000,
  /** Of what ffmpeg is given: an initialisation segment and one part. */
  input: 16_000_000,
  /** The same for a sheet: an initialisation segment and 25 key frames, 2 MB each where they are large. */
  sheetInput: 50_000_000,
  /** Of a picture that it is given, as coded: 8K. */
  pixels: 8192 * 4352,
  /** A broadcast whose picture failed, or one of whose sheets did, is not tried again for `fresh`, twice as long each time, at most so long. */
  longestRest: 5 * 60_000,
  /** Of its complaints, for the log. */
  complaint: 300,
  /** Pictures waiting to be made, of all channels, and sheets of them; one more of either is refused. */
  waiting: 32,
  /** Pictures kept in memory, and their bytes; as much again of sheets. */
  kept: 500,
  keptBytes: 32_000_000,
  /** Storyboard: width of a picture, pictures in a row and rows of a sheet, and of a whole recording. */
  tileWidth: 160,
  columns: 5,
  tiles: 100,
  /** Seconds between two pictures of a storyboard; doubled until the recording has no more than `tiles`. */
  interval: 10,
  longestInterval: 10 * 2 ** 20,
  /** Storyboards kept in memory. */
  plans: 100,
  /** Requests that wait for a picture to be made: of what is live, and as many of recordings. */
  requests: 1_000,
  /** So long: all that wait in the line before it take less, as a rule. */
  answer: 20_000,
  /** What a peer has to take a picture. */
  deadline: 30_000,
} as const
