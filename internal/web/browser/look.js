// What every walk through the pages looks at besides its own business.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'
import { chromium } from 'playwright-core'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] })

// accessible wants that axe finds nothing on the page that is shown.
export async function accessible(page) {
  const session = await page.context().newCDPSession(page) // past the page's own Content-Security-Policy
  await session.send('Runtime.evaluate', { expression: axe })
  const { result } = await session.send('Runtime.evaluate', { expression: 'axe.run().then(r => JSON.stringify(r.violations.map(v => v.id + ": " + v.help + " " + v.nodes.map(n => n.target.join(" ")).slice(0, 3))))', awaitPromise: true, returnByValue: true })
  await session.detach()
  assert.deepEqual(JSON.parse(result.value), [], `on ${page.url()}`)
}

// until waits until something is so, at most so long.
export async function until(what, is, most = 90_000) {
  const end = Date.now() + most
  while (!(await is())) {
    if (Date.now() > end) assert.fail(`it did not come: ${typeof what === 'function' ? what() : what}`)
    await sleep(250)
  }
}

// watched is a page of a browser of its own, of which every error of the console, every
// script that fails and every answer that is an error is noted.
export async function watched(browser, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1440, height: 1000 }, ...options })
  const page = await context.newPage()
  const wrong = []
  page.on('console', m => { if (['error', 'warning'].includes(m.type())) wrong.push(`console: ${m.text()}`) })
  page.on('pageerror', e => wrong.push(`script: ${e.message}`))
  page.on('response', r => { if (r.status() >= 400) wrong.push(`${r.status()} ${r.url()}`) })
  page.on('requestfailed', r => { if (!r.failure().errorText.includes('ERR_ABORTED')) wrong.push(`${r.failure().errorText} ${r.url()}`) })
  return { page, context, wrong }
}
