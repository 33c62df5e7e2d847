/** What came since the connection began; packets unless something else is said. */
export interface ReceiveCounts {
  packets: number
  /** With SRT's headers. */
  bytes: number
  /** Missing when one that was sent later came. */
  lost: number
  /** Came when they were sent again. */
  recovered: number
  /** Given up: they had not come when their time was there. */
  dropped: number
  /** Came twice, or after they were given up. */
  duplicates: number
  undecryptable: number
}

export interface SendCounts {
  packets: number
  bytes: number
  /** Sent again. */
  resent: number
  /** Given up: too old to be of use, or more than there is room for. */
  dropped: number
}

/** A connection at a glance. Times in ms. */
export interface SrtStatistics {
  readonly roundTrip: number
  /** Agreed for what we receive. */
  readonly latency: number
  /** Media that wait for their time. */
  readonly buffered: number
  readonly received: Readonly<ReceiveCounts>
  readonly sent: Readonly<SendCounts>
}
