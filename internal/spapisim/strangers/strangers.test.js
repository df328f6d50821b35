// Other people's clients read the simulator. What they and ordersync's client
// read the same is no misreading of our own.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { amazonSpApi, groups, spApiSdk } from './clients.js'
import { account, plain, simulator } from './simulator.js'

let amazon
before(async () => { amazon = await simulator() })
after(() => amazon.stop())

// walk reads all pages as the clients' own documentation says.
async function walk(client, query) {
  const orders = new Map()
  let pages = 0
  for (let paginationToken; ;) {
    const page = await client.search({ ...query, ...(paginationToken && { paginationToken }) })
    pages++
    for (const order of page.orders) {
      assert.ok(!orders.has(order.orderId), `${order.orderId} came twice`)
      orders.set(order.orderId, plain(order))
    }
    paginationToken = page.pagination?.nextToken
    if (!paginationToken) return { orders, pages }
  }
}

for (const [name, make] of Object.entries({ 'amazon-sp-api': amazonSpApi, '@sp-api-sdk': spApiSdk })) {
  describe(name, () => {
    for (const region of ['eu', 'na', 'fe']) {
      test(`reads every order of a seller in ${region}`, async () => {
        const a = await account(amazon, region, 90)
        const client = make(amazon, a)
        const query = { lastUpdatedAfter: a.since, marketplaceIds: a.seller.marketplaces.map(m => m.marketplaceId), maxResultsPerPage: 20, includedData: groups }
        const { orders, pages } = await walk(client, query)
        assert.equal(pages, 5)
        assert.equal(orders.size, 90)
        for (const [id, order] of orders) assert.deepEqual(order, a.truth.get(id))
        const [id] = orders.keys()
        assert.deepEqual(plain(await client.order(id)), a.truth.get(id))
      })
    }

    test('is told that an order does not exist', async () => {
      const client = make(amazon, await account(amazon, 'eu', 1))
      await assert.rejects(client.order('000-0000000-0000000'), error => ['NotFound', undefined].includes(error.code) || error.response?.status === 404)
    })

    test('is throttled when the burst is spent', async () => {
      const a = await account(amazon, 'eu', 3)
      await amazon.post('/rates', { operation: 'searchOrders', seller: a.seller.key, perSecond: 0.0056, burst: 2 })
      const client = make(amazon, a)
      const query = { lastUpdatedAfter: a.since, marketplaceIds: ['A1PA6795UKMFR9', 'A13V1IB3VIYZZH'] }
      await client.search(query)
      await client.search(query)
      await assert.rejects(client.search(query), error => client.status(error) === 429)
    })

    test('sees an access token expire', async () => {
      const a = await account(amazon, 'eu', 3)
      const client = make(amazon, a)
      const query = { lastUpdatedAfter: a.since, marketplaceIds: ['A1PA6795UKMFR9', 'A13V1IB3VIYZZH'] }
      await client.search(query)
      await amazon.post('/faults', { kind: 'forbidden', variant: 'expired', seller: a.seller.key, count: 1 })
      if (client.renewsTokens) {
        assert.equal((await client.search(query)).orders.length, 3) // it fetches another by itself
      } else {
        await assert.rejects(client.search(query), error => client.status(error) === 403)
        assert.equal((await client.search(query)).orders.length, 3)
      }
      const logins = (await amazon.get('/calls')).filter(c => c.seller === a.seller.key && c.operation === 'token')
      assert.equal(logins.length, client.renewsTokens ? 2 : 1)
    })

    test('is told that the authorisation was revoked', async () => {
      const a = await account(amazon, 'eu', 1)
      await amazon.post('/revocations', { clientId: a.clientId, seller: a.seller.key })
      await assert.rejects(make(amazon, a).search({ lastUpdatedAfter: a.since, marketplaceIds: ['A1PA6795UKMFR9'] }), error => make(amazon, a).status(error) === 400)
    })
  })
}

test('amazon-sp-api reads the marketplaces', async () => {
  const a = await account(amazon, 'eu', 1)
  const found = await amazonSpApi(amazon, a).participations()
  assert.deepEqual(found.map(p => [p.marketplace.id, p.participation.isParticipating]), a.seller.marketplaces.map(m => [m.marketplaceId, true]))
})
