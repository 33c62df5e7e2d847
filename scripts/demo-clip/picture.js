// Runs in a page: draws one frame of the demo's clip. Everything moves with periods that divide a minute, so the clip
// loops without a seam, and a publisher that starts it at the current second of the minute shows the wall clock.

const canvas = document.querySelector('canvas')
const context = canvas.getContext('2d')
const { width, height } = canvas
const turn = 2 * Math.PI
const ink = '#f4efe6'
const faint = '#5d6a86'
const warm = '#ff7a59'
const gold = '#ffc857'
const centre = { x: 372, y: 372 }
const radius = 232

function text(words, x, y, font, colour, align = 'left') {
  context.font = font
  context.fillStyle = colour
  context.textAlign = align
  context.textBaseline = 'alphabetic'
  context.fillText(words, x, y)
}

function line(angle, from, to, thickness, colour) {
  context.strokeStyle = colour
  context.lineWidth = thickness
  context.lineCap = 'round'
  context.beginPath()
  context.moveTo(centre.x + from * Math.sin(angle), centre.y - from * Math.cos(angle))
  context.lineTo(centre.x + to * Math.sin(angle), centre.y - to * Math.cos(angle))
  context.stroke()
}

function background() {
  const light = context.createRadialGradient(centre.x, centre.y, 40, centre.x, centre.y, 1000)
  light.addColorStop(0, '#27324e')
  light.addColorStop(1, '#121724')
  context.fillStyle = light
  context.fillRect(0, 0, width, height)
}

function dial(seconds) {
  for (let tick = 0; tick < 60; tick += 1) {
    const passed = tick <= seconds
    const long = tick % 5 === 0
    line((tick / 60) * turn, radius - (long ? 26 : 12), radius, long ? 6 : 4, passed ? gold : faint)
  }
  const angle = (seconds / 60) * turn
  line(angle, 128, radius - 36, 7, warm)
  const whole = String(Math.floor(seconds)).padStart(2, '0')
  text(whole, centre.x, centre.y + 50, '700 140px "DejaVu Sans", sans-serif', ink, 'center')
  text('SECONDS', centre.x, centre.y + 92, '600 20px "DejaVu Sans", sans-serif', '#8a97b4', 'center')
}

/** The roof of a bandstand: seven stripes under a dome. */
function roof() {
  const left = 700
  const span = 92
  context.save()
  context.translate(left, 150)
  for (let stripe = 0; stripe < 6; stripe += 1) {
    context.fillStyle = stripe % 2 === 0 ? warm : ink
    context.beginPath()
    context.moveTo(span, 0)
    context.lineTo((stripe * 2 * span) / 6, 62)
    context.lineTo(((stripe + 1) * 2 * span) / 6, 62)
    context.fill()
  }
  context.fillStyle = gold
  context.fillRect(0, 66, 2 * span, 8)
  context.fillRect(10, 74, 8, 62)
  context.fillRect(2 * span - 18, 74, 8, 62)
  context.fillRect(0, 136, 2 * span, 10)
  context.restore()
}

function bars(seconds) {
  const count = 12
  for (let bar = 0; bar < count; bar += 1) {
    const beat = Math.sin(turn * (seconds / 4 + bar / 5)) * Math.sin(turn * (seconds / 10 + bar / 7))
    const size = 34 + 44 * (0.5 + 0.5 * beat)
    context.fillStyle = bar % 3 === 0 ? warm : bar % 3 === 1 ? gold : '#6fb7c9'
    context.fillRect(704 + bar * 36, Math.round(560 - size), 22, Math.round(size))
  }
}

/** @param seconds of the minute, 0 to 60 */
globalThis.draw = (seconds) => {
  background()
  dial(seconds)
  roof()
  text('Bandstand', 698, 392, '700 84px "DejaVu Sans", sans-serif', ink)
  text('live from your own server', 702, 440, '400 28px "DejaVu Sans", sans-serif', '#a9b4cc')
  bars(seconds)
  text(
    'Compare with your own clock: the difference is the delay.',
    702,
    622,
    '400 17px "DejaVu Sans", sans-serif',
    '#8a97b4',
  )
}
