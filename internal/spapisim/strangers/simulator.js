// A simulated Amazon of one's own for a test: `ordersync sim` as a process, its
// admin door, and the way from Amazon's own host names to it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { createInterface } from 'node:readline'

const program = process.env.ORDERSYNC ?? new URL('../../../bin/ordersync', import.meta.url).pathname

// simulator starts an Amazon on ports of its own; stop ends it.
export async function simulator() {
  const process = spawn(program, ['sim', '--api=127.0.0.1:0', '--admin=127.0.0.1:0', '--seed=7'], { stdio: ['ignore', 'inherit', 'pipe'] })
  const addresses = []
  for await (const line of createInterface({ input: process.stderr })) {
    const found = line.match(/^(?:Amazon, simulated|admin door): (http:\S+)/)
    if (found) addresses.push(new URL(found[1]))
    if (addresses.length === 2) break
  }
  if (addresses.length < 2) throw new Error(`${program} sim does not say where it serves`)
  process.stderr.resume()
  const [api, door] = addresses

  async function ask(method, path, body) {
    const answer = await fetch(new URL(path, door), { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) })
    const out = await answer.json()
    if (!answer.ok) throw new Error(`${method} ${path}: ${out.error}`)
    return out
  }
  return {
    agent: new Redirected(Number(api.port)),
    get: path => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    clear: path => ask('DELETE', path),
    async stop() {
      const ended = once(process, 'exit')
      process.kill('SIGTERM')
      await ended
    },
  }
}

// Redirected takes requests to any https host to the simulator, in plain HTTP:
// clients keep Amazon's host names, and the simulator goes by them.
class Redirected extends http.Agent {
  constructor(port) {
    super()
    Object.assign(this, { port, protocol: 'https:', defaultPort: 443 })
  }

  createConnection(_, connected) {
    return net.connect(this.port, '127.0.0.1', connected)
  }
}

// account makes an application and a seller with orders that has authorised it.
export async function account(amazon, region, orders) {
  const application = await amazon.post('/applications', {})
  const seller = await amazon.post('/sellers', { region })
  const { now } = await amazon.get('/clock')
  const before = hours => new Date(Date.parse(now) - hours * 3_600_000).toISOString()
  await amazon.post('/orders/generate', { seller: seller.key, n: orders, from: before(72), to: before(1) })
  const { refreshToken } = await amazon.post('/authorizations', { clientId: application.clientId, seller: seller.key })
  const truth = await amazon.get(`/orders?seller=${encodeURIComponent(seller.key)}`)
  return {
    ...application, seller, refreshToken, since: before(80),
    truth: new Map(truth.map(({ order }) => [order.orderId, plain(order)])),
  }
}

// plain is what can be compared of an order: without what is personal, empty or
// absent for want of a role, and with times as numbers.
export function plain(order) {
  const { buyer, recipient, ...rest } = order
  for (const item of rest.orderItems) {
    delete item.product?.customization
    delete item.fulfillment?.packing?.giftOption?.giftMessage
  }
  return tidy(rest)
}

function tidy(value) {
  if (Array.isArray(value)) return value.map(tidy)
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)) return Date.parse(value)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null && !(Array.isArray(v) && v.length === 0)).map(([k, v]) => [k, tidy(v)]))
}
