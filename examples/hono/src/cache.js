/** Redis: one connection, which comes back by itself. */

import { createClient } from 'redis'

/** A client of `url` that connects in the background, with Redis up or down. */
export function openCache(url) {
  const client = createClient({
    url,
    disableOfflineQueue: true, // while it is away, a command fails at once and waits for nothing
    socket: { connectTimeout: 2000, reconnectStrategy: (tries) => Math.min(50 * 2 ** tries, 1000) },
  })
  client.on('error', () => {}) // /ready says it; without a listener the process would end
  client.connect().catch(() => {})
  return { ping: () => client.ping(), close: async () => client.destroy() }
}
