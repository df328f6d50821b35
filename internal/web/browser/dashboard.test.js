// Every page of the dashboard and every button, in a real browser, over the demo: what
// it says, what changes while somebody looks, and that nothing is wrong besides.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { demo } from './demo.js'
import { accessible, launch, until, watched } from './look.js'

let it, browser

before(async () => {
  it = await demo()
  browser = await launch()
})
after(async () => {
  await browser?.close()
  await it?.stop()
})

// everywhere looks at a page as it is shown in light and dark, wide and on a phone.
async function everywhere(path, ready) {
  for (const options of [{ colorScheme: 'light' }, { colorScheme: 'dark' }, { colorScheme: 'light', viewport: { width: 360, height: 800 } }, { colorScheme: 'dark', locale: 'fr-FR' }]) {
    const { page, context, wrong } = await watched(browser, options)
    await page.goto(it.url + path)
    await ready(page)
    await accessible(page)
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(wide <= 0, `${path} is ${wide} px wider than a screen of ${page.viewportSize().width}`)
    assert.deepEqual(wrong, [], `on ${path} with ${JSON.stringify(options)}`)
    await context.close()
  }
}

test('the fleet says what is wrong, for whom and what to do', { timeout: 180_000 }, async () => {
  await everywhere('/', page => page.locator('#verdict h1').waitFor())
  const { page, wrong } = await watched(browser)
  await page.goto(it.url + '/')
  for (const group of ['You act', 'A seller acts', 'Nobody acts']) await page.getByRole('heading', { name: group }).waitFor()
  assert.equal(await page.locator('.tank-groups a').count(), 60)
  // What a minute held is known some seconds later: a chart without a series is not drawn.
  const drawn = () => page.locator('.plot-here').evaluateAll(all => all.every(here => Boolean(here.querySelector('canvas')) === ((JSON.parse(here.dataset.chart).series ?? []).length > 0)))
  await until('each chart that has something to show is drawn', drawn, 10_000)

  // The arrows go from square to square; Tab leaves them.
  const first = page.locator('.tanks').first().locator('a')
  await first.nth(0).focus()
  await page.keyboard.press('ArrowRight')
  assert.ok(await first.nth(1).evaluate(a => a === document.activeElement))
  await page.keyboard.press('End')
  assert.ok(await first.last().evaluate(a => a === document.activeElement))
  assert.deepEqual(wrong, [])
})

test('what changes is shown while somebody looks', { timeout: 120_000 }, async () => {
  const { page, wrong } = await watched(browser)
  await page.goto(it.url + '/')
  const paused = page.locator('.todo li').filter({ hasText: 'PAUSED' })
  await paused.getByRole('link', { name: 'coastal-cycles' }).waitFor()
  await page.locator('#charts details summary').first().click()
  const updated = await page.locator('#updated').textContent()
  await until('the time of the page goes on', async () => (await page.locator('#updated').textContent()) !== updated, 15_000)
  const [connection] = (await it.api('GET', `/api/v1/orders/sync/status?tenantId=coastal-cycles`)).connections
  await it.api('POST', `/api/v1/tenants/coastal-cycles/connections/${connection.connectionId}/resume`)
  await until('the pause is gone from the page', async () => (await paused.count()) === 0, 30_000)
  assert.ok(await page.locator('#charts details').first().evaluate(d => d.open), 'what the visitor opened was shut')
  assert.deepEqual(wrong, [])
})

test('orders are found as one types', { timeout: 180_000 }, async () => {
  await everywhere('/orders', page => page.locator('#found .empty h2').waitFor())
  await everywhere('/orders?tenant=delta-toys', page => page.locator('#found tbody tr').first().waitFor())
  const { page, wrong } = await watched(browser)
  await page.goto(it.url + '/orders')
  const rows = page.locator('#found tbody tr')
  const every = text => until(`every row holds ${text}`, async () => {
    const all = await rows.allTextContents()
    return all.length > 0 && all.every(row => row.toLowerCase().includes(text.toLowerCase()))
  })
  await page.locator('#q').pressSequentially('lamp-', { delay: 30 })
  await every('lamp-')
  await until('the address holds the search', async () => new URL(page.url()).searchParams.get('q') === 'lamp-')
  assert.ok(await page.locator('#q').evaluate(q => q === document.activeElement), 'the search lost the focus')

  // Filters want a tenant, and say so.
  await page.getByLabel('Status').selectOption('SHIPPED')
  await page.getByRole('heading', { name: 'These filters are for one tenant' }).waitFor()
  await page.getByLabel('Tenant').fill('delta-toys')
  await page.getByLabel('Tenant').press('Tab')
  await every('delta-toys')
  await every('SHIPPED')
  await page.getByText('More filters').click()
  await page.getByLabel('Shipped by').selectOption('FBM')
  await page.locator('#q').fill('')
  await until('the address holds the filters', async () => /channel=FBM/.test(page.url()) && new URL(page.url()).searchParams.get('q') === '')
  await every('SHIPPED')
  await page.getByLabel('Ordered until').fill('2020-01-01')
  await page.getByRole('heading', { name: 'No order is like this' }).waitFor()
  await page.getByRole('link', { name: 'Show all orders' }).click()
  await rows.first().waitFor()
  await page.getByRole('link', { name: 'Next page' }).click()
  await page.getByRole('link', { name: 'First page' }).click()
  await page.goBack()
  await page.getByRole('link', { name: 'First page' }).waitFor()
  await page.getByLabel('Tenant').fill('delta')
  await page.getByLabel('Tenant').press('Tab')
  await page.getByRole('heading', { name: 'There is no tenant delta' }).waitFor()
  await page.getByRole('link', { name: 'delta-books' }).click()
  await every('delta-books')
  assert.deepEqual(wrong, [])
})

test('an order tells all that is known of it', { timeout: 180_000 }, async () => {
  const { orders: [order] } = await it.api('GET', '/api/v1/orders?tenantId=delta-toys&fulfillmentChannel=FBM&status=SHIPPED&limit=1')
  const path = `/orders/delta-toys/${order.connectionId}/${order.externalOrderId}`
  await everywhere(path, page => page.locator('#raw-json').waitFor())
  const { page, context, wrong } = await watched(browser)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(`${it.url}/orders?q=${order.externalOrderId}`)
  await page.getByRole('link', { name: order.externalOrderId }).click()
  await page.getByRole('heading', { name: order.externalOrderId }).waitFor()
  assert.equal(new URL(page.url()).pathname, path)
  for (const item of order.items) await page.locator('#order-items').getByText(item.sku, { exact: true }).first().waitFor()
  for (const one of order.packages) await page.locator('#order-packages').getByText(one.trackingNumber).first().waitFor()
  for (const link of await page.locator('main a[href^="http"]').all()) assert.match(`${await link.getAttribute('href')} ${await link.getAttribute('rel')}`, /^https:.* noopener noreferrer$/)
  await page.getByRole('button', { name: 'Copy', exact: true }).last().click()
  await until('the JSON is copied', async () => (await page.evaluate(() => navigator.clipboard.readText())).includes(`"orderId": "${order.externalOrderId}"`))
  await page.getByRole('button', { name: 'Print' }).waitFor()
  const sheets = (await page.pdf({ format: 'A4' })).toString('latin1').match(/\/Type \/Page\b(?!s)/g).length
  assert.equal(sheets, 1, 'an order is printed on one sheet')
  assert.deepEqual(wrong, [])
})

test('theme and language are kept', { timeout: 60_000 }, async () => {
  const { page, wrong } = await watched(browser)
  await page.goto(it.url + '/')
  await page.getByRole('link', { name: 'Dark' }).click()
  await page.getByRole('link', { name: 'Français' }).click()
  await page.getByRole('heading', { name: 'À vous d’agir' }).waitFor()
  assert.equal(await page.locator('html').getAttribute('data-theme'), 'dark')
  assert.equal(await page.locator('html').getAttribute('lang'), 'fr')
  await page.reload()
  await page.getByRole('heading', { name: 'Les trois dernières heures' }).waitFor()
  assert.deepEqual(wrong, [])
})

test('without scripts every word is there', { timeout: 60_000 }, async () => {
  const { page, wrong } = await watched(browser, { javaScriptEnabled: false })
  await page.goto(it.url + '/')
  await page.getByRole('heading', { name: 'You act' }).waitFor()
  await page.locator('#charts details summary').first().click()
  await page.locator('#charts table').first().waitFor()
  await page.goto(it.url + '/orders')
  await page.getByLabel('Order id or SKU').fill('lamp-')
  await page.getByRole('button', { name: 'Search' }).click()
  await page.locator('#found tbody a').first().click()
  await page.locator('#raw-json').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Print' }).count(), 0, 'a button that does nothing is shown')
  assert.deepEqual(wrong, [])
})

test('the page to sign in at', { timeout: 60_000 }, async () => {
  await everywhere('/login', page => page.getByLabel('Key').or(page.getByLabel('Clé')).first().waitFor())
})
