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
  assert.equal(await page.locator('.plot-here canvas').count(), await page.locator('.plot-here').count())

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
  assert.deepEqual(wrong, [])
})

test('the page to sign in at', { timeout: 60_000 }, async () => {
  await everywhere('/login', page => page.getByLabel('Key').or(page.getByLabel('Clé')).first().waitFor())
})
