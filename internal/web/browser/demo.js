// The demo as people start it, as a process of its own.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'

const program = process.env.ORDERSYNC ?? new URL('../../../bin/ordersync', import.meta.url).pathname

// demo starts it and waits until it serves; stop ends it.
export async function demo() {
  const child = spawn(program, ['demo'], { stdio: ['ignore', 'pipe', 'inherit'] })
  let said = ''
  const found = pattern => said.match(pattern)?.[1]
  for await (const chunk of child.stdout) {
    said += chunk
    if (found(/curl -X POST .*(\/sync\/run\/global)\n/)) break
  }
  child.stdout.resume()
  const at = {
    link: found(/^ {2}(http:\S+\/connect\/\S+)$/m),
    seller: found(/sign in as (\S+)\.\n/),
    apps: found(/authorisation at (http:\S+\/apps\/manage):/),
    door: found(/curl -X DELETE (http:\S+)\/faults/),
    api: found(/^(http:\S+) serves until/m),
    database: found(/ORDERSYNC_DATABASE_URL=(\S+)/),
    publicURL: found(/ORDERSYNC_PUBLIC_URL=(\S+)/),
    application: found(/ORDERSYNC_AMAZON_APPLICATION_ID=(\S+)/),
    keyFile: found(/cat (\S+)\)/),
  }
  for (const [name, value] of Object.entries(at)) if (!value) throw new Error(`the demo does not say ${name}:\n${said}`)
  const key = readFileSync(at.keyFile, 'utf8').trim()

  async function ask(method, url, body, headers = {}) {
    const answer = await fetch(url, { method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json', ...headers }, signal: AbortSignal.timeout(60_000) })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`)
    return JSON.parse(text)
  }
  return {
    ...at,
    url: at.api,
    door: (method, path, body) => ask(method, at.door + path, body),
    api: (method, path, body) => ask(method, at.api + path, body, { Authorization: `Bearer ${key}` }),
    // connect is the command line's link.
    async connect(tenant) {
      const env = { ...process.env, ORDERSYNC_DATABASE_URL: at.database, ORDERSYNC_PUBLIC_URL: at.publicURL, ORDERSYNC_AMAZON_APPLICATION_ID: at.application }
      const command = spawn(program, ['connect', tenant], { stdio: ['ignore', 'pipe', 'ignore'], env })
      let out = ''
      command.stdout.on('data', chunk => { out += chunk })
      const [code] = await once(command, 'close')
      if (code !== 0) throw new Error(`ordersync connect ended with ${code}`)
      return out.trim()
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGINT')
      await ended
    },
  }
}
