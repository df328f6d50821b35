// Takes the pictures of README.md and docs/tour.md from the running demo into docs/pictures,
// and with a folder named, every page there in light, dark and on a phone: make pictures.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { demo } from './demo.js'
import { launch, until, watched } from './look.js'

const kept = join(process.env.ORDERSYNC_SOURCE, 'docs/pictures')
const all = process.argv[2]
const history = 4 * 60_000 // the charts are by the minute

const wide = { viewport: { width: 1280, height: 860 } }
const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }

const it = await demo()
const browser = await launch()
try {
  const from = Date.now()
  const places = await find()
  await sleep(Math.max(0, from + history - Date.now()))
  mkdirSync(kept, { recursive: true })
  for (const [name, path, options = wide] of [
    ['fleet', '/'],
    ['fleet-dark', '/', { ...wide, colorScheme: 'dark' }],
    ['fleet-phone', '/', phone],
    ['seller', places.seller],
    ['throttled', places.throttled],
    ['unreadable', places.unreadable],
    ['aside', `${places.aside}#aside-head`],
    ['run', places.run],
    ['order', places.order],
  ]) await take(join(kept, `${name}.png`), path, options, { screen: true })
  if (all) await everything(places)
} finally {
  await browser.close()
  await it.stop()
}

// find finds whom the tour visits.
async function find() {
  const { page, context } = await watched(browser)
  const link = async (path, name) => {
    await page.goto(it.url + path)
    return page.getByRole('link', { name }).first().getAttribute('href')
  }
  const places = {
    seller: await link('/connections?q=baltic-books', 'baltic-books'),
    throttled: await link('/connections?reason=AMAZON_RATE_LIMIT', /^[a-z]+-[a-z]+$/),
    unreadable: await link('/connections?reason=AMAZON_BAD_RESPONSE', /^[a-z]+-[a-z]+$/),
    aside: await link('/connections?reason=SET_ASIDE', /^[a-z]+-[a-z]+$/),
    run: await link('/runs', /^Run at/),
    order: await link('/orders?tenant=ecomlg-001&delivery=DELIVERED', /^\d{3}-\d{7}-\d{7}$/),
  }
  await context.close()
  return places
}

// everything takes each page as it is shown everywhere.
async function everything(places) {
  mkdirSync(all, { recursive: true })
  const pages = { fleet: '/', connections: '/connections', runs: '/runs', orders: '/orders?tenant=ecomlg-001', settings: '/settings', signin: '/login', ...places }
  for (const [name, path] of Object.entries(pages)) {
    for (const [how, options] of Object.entries({ light: wide, dark: { ...wide, colorScheme: 'dark' }, phone, french: { ...phone, colorScheme: 'dark', locale: 'fr-FR' } })) {
      await take(join(all, `${name}-${how}.png`), path, options)
    }
  }
}

// take takes a picture of a page: all of it, or what a screen shows of it.
async function take(file, path, options, { screen = false } = {}) {
  const { page, context, wrong } = await watched(browser, options)
  await page.goto(it.url + path)
  await until('charts', () => page.locator('.plot-here').evaluateAll(all => all.every(here => here.querySelector('canvas') || !(JSON.parse(here.dataset.chart).series ?? []).length)), 10_000)
  await page.screenshot({ path: file, fullPage: !screen, animations: 'disabled' })
  if (wrong.length) throw new Error(`on ${path}: ${wrong.join('; ')}`)
  await context.close()
  console.log(file)
}
