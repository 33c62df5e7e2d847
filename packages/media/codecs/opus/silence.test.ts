import assert from 'node:assert/strict'
import { test } from 'node:test'
import { audioConfigFromOpusChannels } from './config.ts'
import { opusDuration } from './packet.ts'
import { silentPacket } from './silence.ts'

test('a packet of silence is as long as the packets of the track', () => {
  for (const length of [120, 240, 480, 960, 1920, 2880]) {
    for (const channels of [1, 2]) {
      const packet = silentPacket(audioConfigFromOpusChannels(channels, length))
      assert.ok(packet)
      assert.equal(opusDuration(packet), length)
      assert.equal(((packet[0] ?? 0) >> 2) & 1, channels - 1)
    }
  }
})

test('none is made for several streams in a packet and for uncommon lengths', () => {
  assert.equal(silentPacket(audioConfigFromOpusChannels(6)), undefined)
  assert.equal(silentPacket(audioConfigFromOpusChannels(2, 5760)), undefined)
})
