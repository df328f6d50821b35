// The files of other people's that browsers load are those of their packages, unchanged.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const files = {
  'htmx.min.js': 'htmx.org/dist/htmx.min.js',
  'hx-sse.min.js': 'htmx.org/dist/ext/hx-sse.min.js',
  'uPlot.iife.min.js': 'uplot/dist/uPlot.iife.min.js',
  'uPlot.min.css': 'uplot/dist/uPlot.min.css',
}

test('what others wrote is served as they published it', () => {
  const source = process.env.ORDERSYNC_SOURCE ?? new URL('../../..', import.meta.url).pathname
  for (const [name, from] of Object.entries(files)) {
    const served = readFileSync(`${source}/internal/web/static/${name}`), published = readFileSync(new URL(`node_modules/${from}`, import.meta.url))
    assert.ok(served.equals(published), `${name} is not ${from}`)
  }
})
