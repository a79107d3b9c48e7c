/** The process: listens, and on SIGTERM ends in order. Run by `node server.js`. */

import { serve } from '@hono/node-server'
import { application } from './src/app.js'
import { openDatabase } from './src/database.js'
import { openCache } from './src/cache.js'
import { readiness } from './src/readiness.js'
import { readSettings, SettingsError } from './src/settings.js'
import { verifier } from './src/tokens.js'

// Longer than proxies keep idle connections (Caddy: 2 minutes). Were the server the first to close one, a request that
// is just then on its way would fail at the proxy.
const KEEP_ALIVE = 150_000

/** Starts the service; its stores may be up or down. */
function main() {
  const settings = readSettings(process.env)
  const database = openDatabase(settings.databaseUrl)
  const cache = openCache(settings.redisUrl)
  const ending = { begun: false }
  const app = application({
    settings,
    database,
    ending,
    verify: verifier(settings),
    ready: readiness({ database, cache, objects: settings.objects }),
  })
  const server = serve({ fetch: app.fetch, hostname: settings.host, port: settings.port }, (at) =>
    console.log(`listening on ${settings.host}:${at.port}`),
  )
  server.keepAliveTimeout = KEEP_ALIVE
  server.on('error', (error) => giveUp(`cannot listen on HOST ${settings.host}, PORT ${settings.port}: ${error.code}`))
  const end = () => stop(server, ending, settings.drainSeconds, [database, cache])
  process.once('SIGTERM', end)
  process.once('SIGINT', end)
}

/**
 * Refuses new connections, lets requests in flight end, closes what was opened, and lets the process end with 0.
 * Answers close their connections from now on, else a client that keeps one would hold the process.
 */
async function stop(server, ending, drainSeconds, opened) {
  ending.begun = true
  const closed = new Promise((resolve) => server.close(resolve))
  const idle = setInterval(() => server.closeIdleConnections(), 50)
  const late = setTimeout(() => server.closeAllConnections(), drainSeconds * 1000)
  await closed
  clearInterval(idle)
  clearTimeout(late)
  await Promise.allSettled(opened.map((each) => each.close()))
  console.log('stopped: connections closed')
  // The pool of `fetch` keeps connections to the object store and the IAM, and would hold the process for seconds.
  process.exit(0)
}

/** Ends the process with one sentence for the operator. */
function giveUp(sentence) {
  console.error(sentence)
  process.exit(2)
}

try {
  main()
} catch (error) {
  if (!(error instanceof SettingsError)) throw error
  giveUp(error.message)
}
