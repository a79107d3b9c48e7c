/** The routes. */

import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { proxy } from 'hono/proxy'
import { answerTo, problem, Refused } from './problems.js'
import { listTasks, pageOf } from './tasks.js'

const LONGEST_BODY = 64 * 1024
const LINKS = { alive: '/health', ready: '/ready', tasks: '/api/v1/tasks' }

/** The service. `ending.begun` says that the process is about to end. */
export function application({ settings, database, verify, ready, ending }) {
  const app = new Hono()
  app.onError(answerTo)
  app.notFound((c) => problem(404, `There is no ${c.req.path}.`))
  app.use(async (c, next) => {
    await next()
    if (ending.begun) c.header('Connection', 'close')
  })
  app.get('/', (c) => c.json({ service: 'hono', version: settings.release, links: LINKS }))
  app.get('/health', (c) => c.json({ status: 'alive' })) // touches no store: else a store's outage would restart the app
  app.get('/ready', async (c) => {
    const report = await ready()
    return c.json(report, report.ready ? 200 : 503, { 'Cache-Control': 'no-store' })
  })
  app.get('/api/v1/tasks', async (c) => {
    const claims = await verify(c.req.header('Authorization'))
    return c.json(await listTasks(database, claims, pageOf(c.req.query())))
  })
  if (settings.backendUrl) behind(app, settings.backendUrl)
  return app
}

/** Logins, which the reference backend at `backendUrl` answers. */
function behind(app, backendUrl) {
  const tooLong = () => problem(413, `The body is longer than ${LONGEST_BODY} bytes.`)
  app.use('/api/v1/auth/*', bodyLimit({ maxSize: LONGEST_BODY, onError: tooLong }))
  app.all('/api/v1/auth/*', async (c) => {
    const { pathname, search } = new URL(c.req.url)
    const headers = new Headers(c.req.raw.headers)
    // Its front door knows sites by their name, and this is not the name that the client has sent.
    for (const name of ['host', 'connection', 'upgrade']) headers.delete(name)
    try {
      return await proxy(backendUrl + pathname + search, { raw: c.req.raw, headers })
    } catch {
      throw new Refused(502, 'The service behind does not answer; see BACKEND_URL.', { 'Retry-After': '1' })
    }
  })
}
