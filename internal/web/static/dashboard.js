// What the pages do besides what htmx does: charts, copying, focus among the squares,
// gauges that refill. Without it each page says the same in words and tables.
'use strict'
;(() => {
  const dark = matchMedia('(prefers-color-scheme: dark)')
  const calm = matchMedia('(prefers-reduced-motion: reduce)')
  const paint = (from, property) => from ? getComputedStyle(from)[property] : 'gray'
  const token = name => { // a custom property holds light-dark(…), which a canvas cannot read
    const probe = document.createElement('i')
    probe.className = name
    document.body.append(probe)
    const colour = getComputedStyle(probe).color
    probe.remove()
    return colour
  }

  // ---- charts: uPlot where .plot-here is, from the element's data-chart
  const plots = new Map()

  function hatch(colour, kind) {
    const tile = document.createElement('canvas')
    tile.width = tile.height = 6 * devicePixelRatio
    const c = tile.getContext('2d')
    c.scale(devicePixelRatio, devicePixelRatio)
    c.fillStyle = colour
    c.fillRect(0, 0, 6, 6)
    c.strokeStyle = token('ground')
    c.lineWidth = kind === 'dots' ? 1.5 : 2
    c.beginPath()
    if (kind === 'dots') { c.moveTo(0, 3); c.lineTo(6, 3) } else { c.moveTo(-1, 1); c.lineTo(1, -1); c.moveTo(-1, 7); c.lineTo(7, -1); c.moveTo(5, 7); c.lineTo(7, 5) }
    c.stroke()
    return c.createPattern(tile, 'repeat')
  }

  // stacked lays each series of bars on those before it; uPlot draws the highest first.
  function stacked(data) {
    const sums = data[0].map(() => 0)
    const out = data.slice(1).map(values => values.map((v, i) => (sums[i] += v)))
    return [data[0], ...out.reverse()]
  }

  function draw(here) {
    const chart = JSON.parse(here.dataset.chart)
    const bars = here.dataset.kind === 'bars'
    if (!chart.data || chart.data.length < 2) return drop(here)
    const swatches = document.querySelectorAll(`#${here.id.replace(/-plot$/, '-legend')} svg`)
    const series = chart.series.map((s, i) => {
      const swatch = swatches[i]?.firstElementChild
      const colour = bars ? paint(swatch, 'fill') : paint(swatch, 'stroke')
      if (bars) return { fill: s.pattern ? hatch(colour, s.pattern) : colour, width: 0, paths: uPlot.paths.bars({ size: [0.8, 24] }), points: { show: false } }
      return {
        stroke: s.dashed ? token('quiet') : colour, width: s.dashed ? 1.5 : 1.75, dash: s.dashed ? [6, 4] : undefined,
        fill: !s.dashed && i === 0 ? colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.12)') : undefined, points: { show: false },
      }
    })
    const quiet = token('quiet'), grid = token('grid')
    const options = {
      width: Math.max(here.clientWidth, 200), height: 150, legend: { show: false }, cursor: { show: false }, padding: [8, 20, 0, 0],
      tzDate: ts => uPlot.tzDate(new Date(ts * 1e3), 'UTC'),
      scales: { y: { range: (_, min, max) => [0, Math.max(max * 1.15, chart.percent ? 0.6 : 1)] } },
      axes: [
        { stroke: quiet, grid: { show: false }, ticks: { show: false }, font: '12px system-ui, sans-serif', size: 26, space: 90, values: (_, ts) => ts.map(t => new Date(t * 1e3).toISOString().slice(11, 16)) },
        { stroke: quiet, grid: { stroke: grid, width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif', size: 46, space: 48, values: (_, vs) => vs.map(v => (chart.percent ? `${v} %` : String(v))) },
      ],
      series: [{}, ...(bars ? series.reverse() : series)],
    }
    drop(here)
    here.replaceChildren()
    const data = bars ? stacked(chart.data) : chart.data
    plots.set(here, { plot: new uPlot(options, data, here), text: here.dataset.chart })
  }

  function drop(here) {
    plots.get(here)?.plot.destroy()
    plots.delete(here)
  }

  function drawAll(anew) {
    for (const here of plots.keys()) if (!here.isConnected) drop(here)
    for (const here of document.querySelectorAll('.plot-here')) {
      const known = plots.get(here)
      if (anew || !known || known.text !== here.dataset.chart) draw(here)
    }
  }

  // ---- copying
  document.addEventListener('click', async e => {
    const button = e.target.closest('[data-copy], [data-copy-from]')
    if (!button) return
    const from = button.dataset.copyFrom && document.querySelector(button.dataset.copyFrom)
    try {
      await navigator.clipboard.writeText(from ? (from.value ?? from.textContent) : button.dataset.copy)
      button.dataset.done = ''
      setTimeout(() => delete button.dataset.done, 2000)
    } catch { // without a secure context: mark it, so that it can be copied by hand
      if (from?.select) from.select()
      else if (from) getSelection().selectAllChildren(from)
    }
  })

  // ---- printing, which only a script can begin
  document.addEventListener('click', e => { if (e.target.closest('[data-print]')) print() })

  // ---- one stop for the Tab key in each group of squares; arrows go on from there
  function rove() {
    for (const list of document.querySelectorAll('.tanks')) {
      const links = [...list.querySelectorAll('a')]
      if (!links.some(a => a.tabIndex === 0 && a.hasAttribute('tabindex'))) links.forEach((a, i) => a.setAttribute('tabindex', i ? -1 : 0))
    }
  }
  document.addEventListener('keydown', e => {
    const here = e.target.closest?.('.tanks a')
    if (!here || e.ctrlKey || e.altKey || e.metaKey) return
    const links = [...here.closest('.tanks').querySelectorAll('a')]
    const at = links.indexOf(here)
    const across = links.findIndex((a, i) => i > 0 && a.offsetTop > links[0].offsetTop)
    const row = across > 0 ? across : links.length
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, ArrowDown: at + row, ArrowUp: at - row, Home: 0, End: links.length - 1 }[e.key]
    if (to === undefined || !links[to]) return
    e.preventDefault()
    here.setAttribute('tabindex', -1)
    links[to].setAttribute('tabindex', 0)
    links[to].focus()
  })

  // ---- budgets refill between two looks: cells of data-rate calls a second
  function refill() {
    for (const gauge of document.querySelectorAll('[data-refill]')) {
      const { tokens, rate, burst, at } = JSON.parse(gauge.dataset.refill)
      const now = Math.min(burst, tokens + rate * Math.max(0, Date.now() / 1000 - at))
      const cells = gauge.querySelectorAll('.level')
      cells.forEach((cell, i) => {
        const full = Math.min(1, Math.max(0, now - i))
        cell.setAttribute('height', `${full * 100}%`)
        cell.setAttribute('y', `${(1 - full) * 100}%`)
        cell.classList.toggle('full', full === 1)
        cell.classList.toggle('filling', full > 0 && full < 1)
      })
    }
  }

  // ---- a stream that broke is said so; it comes back by itself
  const told = how => document.querySelector('#updated')?.classList.toggle('broken', how)
  document.addEventListener('htmx:sse:error', () => told(true))
  document.addEventListener('htmx:sse:after:message', () => told(false))

  function start() {
    drawAll(true)
    rove()
    refill()
    for (const button of document.querySelectorAll('[data-print]')) button.hidden = false
    if (!calm.matches) setInterval(refill, 1000)
    document.addEventListener('htmx:after:swap', () => { drawAll(false); rove() })
    document.addEventListener('htmx:sse:after:message', () => { drawAll(false); rove() })
    dark.addEventListener('change', () => drawAll(true))
    let width = innerWidth
    addEventListener('resize', () => { if (innerWidth !== width) { width = innerWidth; drawAll(true) } })
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start)
  else start()
})()
