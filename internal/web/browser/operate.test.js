// The buttons of the dashboard, pressed in a real browser over the demo.
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

test('a connection is found, paused, resumed, read at once, and gets a link', { timeout: 180_000 }, async () => {
  const { page, context, wrong } = await watched(browser)
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.goto(it.url + '/connections')
  await page.getByLabel('Tenant or name').fill('ecomlg')
  await page.getByRole('link', { name: 'ecomlg-001' }).waitFor()
  await until('only what was looked for is listed', async () => (await page.locator('tbody tr').count()) === 1)
  await accessible(page)
  await page.getByRole('link', { name: 'ecomlg-001' }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  await accessible(page)

  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Resume' }).waitFor()
  await page.getByText('PAUSED').first().waitFor()
  await accessible(page)
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.getByRole('button', { name: 'Pause' }).waitFor()
  await page.getByRole('button', { name: 'Sync now' }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()

  await page.getByRole('button', { name: 'Make a link' }).click()
  await page.getByRole('button', { name: 'Copy link' }).click()
  const link = await page.evaluate(() => navigator.clipboard.readText())
  assert.match(link, /^http:\/\/127\.0\.0\.1:\d+\/connect\//)
  await accessible(page)
  await page.goto(link)
  await page.getByRole('heading', { name: 'Connect the Amazon seller account of ecomlg-001' }).waitFor()
  assert.deepEqual(wrong, [])
})

test('a run is begun, watched, filtered, and compared with the one before', { timeout: 180_000 }, async () => {
  const { page, wrong } = await watched(browser)
  await page.goto(it.url + '/')
  await page.getByRole('button', { name: 'Sync all now' }).click()
  await page.waitForURL(/\/runs\/\w+$/)
  await page.getByRole('heading', { level: 1 }).waitFor()
  await accessible(page)
  const id = page.url().split('/').pop()
  await until('the run is over', async () => (await it.api('GET', `/api/v1/runs/${id}`)).finished)
  await until('the page says so by itself', async () => (await page.getByRole('button', { name: 'Cancel' }).count()) === 0, 20_000)
  await accessible(page)
  await page.goto(`${page.url()}?reason=TOKEN_MISSING`)
  await page.getByRole('link', { name: 'kbz-002' }).waitFor()
  await page.goto(it.url + '/runs')
  await until('both runs are listed', async () => (await page.locator('main a[href^="/runs/"]').count()) >= 2)
  await accessible(page)
  assert.deepEqual(wrong, [])
})

test('a key is made, opens its tenant only, and is withdrawn', { timeout: 180_000 }, async () => {
  const { page, wrong } = await watched(browser)
  await page.goto(it.url + '/settings')
  await accessible(page)
  await page.getByRole('button', { name: 'Check again' }).click()
  await page.getByText('clock').first().waitFor()
  await page.getByLabel('Name').fill('the shop')
  await page.getByLabel('Tenant').fill('ecomlg-001')
  await page.getByRole('button', { name: 'Make a key' }).click()
  const key = await page.locator('#made-key').textContent()
  assert.match(key, /^osk_/)
  await accessible(page)
  assert.ok(!page.url().includes('osk_'))

  const shop = await watched(browser)
  await shop.page.goto(it.url + '/login')
  await shop.page.getByLabel('Key').fill(key)
  await shop.page.getByRole('button', { name: 'Sign in' }).click()
  await shop.page.getByRole('link', { name: 'ecomlg-001' }).waitFor()
  assert.deepEqual(await shop.page.locator('nav.nav a').allTextContents(), ['Connections', 'Orders'])
  assert.ok(!(await shop.page.content()).includes('kbz-002'), 'a tenant sees another')
  await accessible(shop.page)
  assert.deepEqual(shop.wrong, [])

  await page.goto(it.url + '/settings')
  await page.getByRole('row').filter({ hasText: 'the shop' }).getByRole('link').first().click()
  await accessible(page)
  await page.getByRole('button', { name: 'Withdraw' }).click()
  await page.getByRole('heading', { level: 1 }).waitFor()
  const answer = await shop.page.goto(it.url + '/connections')
  assert.ok(!(await shop.page.content()).includes('the shop'), `a withdrawn key still opens its pages: ${answer.status()}`)
  assert.deepEqual(wrong, [])
})
