// A seller connects from the demo, withdraws the authorisation at Amazon, is told,
// connects again, and no order of the time in between is missing: in a real browser.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { demo } from './demo.js'
import { accessible, launch, until } from './look.js'

const tenant = 'new-shop'
let it, browser

before(async () => {
  it = await demo()
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await it?.stop()
})

// visitor is a browser of its own, which may run no script of ours: there is none.
async function visitor(locale) {
  const context = await browser.newContext({ locale, viewport: { width: 390, height: 800 } })
  return context.newPage()
}

async function signIn(page, seller) {
  await page.getByLabel('Sign in as seller').selectOption(seller)
}

async function consent(page) {
  await signIn(page, it.seller)
  await page.getByRole('button', { name: 'Confirm' }).click()
}

// untilStored waits until a tenant has so many orders.
async function untilStored(of, n) {
  let seen
  await until(() => `${n} orders are stored of ${of}, and not ${seen}`, async () => (seen = await stored(of)) === n)
}

const stored = async of => (await it.api('GET', `/api/v1/orders?tenantId=${of}&limit=1`)).total
const status = of => it.api('GET', `/api/v1/marketplaces/amazon/status?tenantId=${of}`)

// withdraws is what a seller does at Amazon, until ordersync has met it; orders come in
// meanwhile.
async function withdraws(page, of, seller, orders) {
  await page.goto(it.apps)
  await signIn(page, seller)
  await page.getByRole('button', { name: 'Disable' }).click()
  const now = Date.now()
  await it.door('POST', '/orders/generate', { seller, n: orders, from: new Date(now - 6 * 60_000).toISOString(), to: new Date(now - 4 * 60_000).toISOString() })
  await until('the tenant must reconnect', async () => {
    await it.api('POST', `/api/v1/orders/sync/run?tenantId=${of}`)
    return (await status(of)).status === 'ERROR'
  })
}

test('a seller connects, withdraws, is told, and connects again', { timeout: 240_000 }, async () => {
  const page = await visitor('en-GB')
  const asked = []
  page.on('request', r => asked.push(r))
  await page.goto(it.link)
  await page.getByRole('heading', { name: `Connect the Amazon seller account of ${tenant}` }).waitFor()
  await accessible(page)
  await page.getByRole('button', { name: 'Continue to Amazon' }).click()
  await consent(page)
  await page.getByRole('heading', { name: 'Amazon account connected' }).waitFor()
  await accessible(page)
  for (const r of asked) assert.ok(!r.headers().referer, `${r.url().split('?')[0]} is told where the browser came from`)
  await untilStored(tenant, 60)
  assert.equal((await status(tenant)).connected, true)

  await withdraws(page, tenant, it.seller, 7)
  const [connection] = (await status(tenant)).connections
  assert.equal(connection.whoActs, 'tenant')
  assert.equal(await stored(tenant), 60)

  const again = await visitor('fr-FR')
  await again.goto(await it.connect(tenant))
  await again.getByRole('heading', { name: `Relier le compte vendeur Amazon de ${tenant}` }).waitFor()
  await accessible(again)
  await again.getByRole('button', { name: 'Continuer vers Amazon' }).click()
  await consent(again)
  await again.getByRole('heading', { name: 'Compte Amazon relié' }).waitFor()
  await untilStored(tenant, 67) // with those of the time in between
  const [renewed] = (await status(tenant)).connections
  assert.equal(renewed.connectionId, connection.connectionId)
  assert.equal(renewed.connectionStatus, 'CONNECTED')

  await again.goto(it.link) // which was used
  await again.getByRole('heading', { name: "Le compte n'a pas été relié" }).waitFor()
  await accessible(again)
})

test('a seller authorises again in Seller Central', { timeout: 240_000 }, async () => {
  const page = await visitor('en-GB')
  const known = 'ecomlg-001'
  const [connection] = (await status(known)).connections
  const seller = `${connection.region}/${connection.sellingPartnerId}`
  await withdraws(page, known, seller, 5)
  const asked = []
  page.on('request', r => asked.push(r))
  await page.goto(it.apps)
  await signIn(page, seller)
  await page.getByRole('button', { name: 'Authorise or re-authorise' }).click()
  await page.getByRole('heading', { name: "Connect your Amazon seller account to ordersync's demo" }).waitFor()
  await accessible(page)
  assert.ok(!(await page.content()).includes(known), 'a page that anybody can open names the tenant')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: `Connect the Amazon seller account of ${known} again?` }).waitFor()
  await accessible(page)
  await page.getByRole('link', { name: 'Français' }).click()
  await page.getByRole('heading', { name: `Relier à nouveau le compte vendeur Amazon de ${known} ?` }).waitFor()
  await accessible(page)
  await page.getByRole('button', { name: 'Relier' }).click()
  await page.getByRole('heading', { name: 'Compte Amazon relié' }).waitFor()
  await accessible(page)
  for (const r of asked) assert.ok(!r.headers().referer, `${r.url().split('?')[0]} is told where the browser came from`)
  await untilStored(known, 245) // with those of the time in between
  const [renewed] = (await status(known)).connections
  assert.equal(renewed.connectionId, connection.connectionId)
  assert.equal(renewed.connectionStatus, 'CONNECTED')

  const stranger = await it.door('POST', '/sellers', { region: 'eu' })
  await page.goto(it.apps)
  await signIn(page, stranger.key)
  await page.getByRole('button', { name: 'Authorise or re-authorise' }).click()
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.getByRole('heading', { name: "Sign in to ordersync's demo first" }).waitFor()
  await accessible(page)
  await page.goto(page.url().split('?')[0])
  await page.getByText('does not come from Amazon').waitFor()
  await accessible(page)
})
