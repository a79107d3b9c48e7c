/** Postgres: the pool, and transactions in which row level security knows the caller. */

import pg from 'pg'
import { Refused } from './problems.js'

const WAIT = 5000 // milliseconds that a request waits for a connection before it is answered with 503
const TIMEOUTS = { anon: '3s', authenticated: '8s' } // of a statement; a role's own setting counts for its logins alone
// As PostgREST does it: `true` makes them settings of the transaction, so the next request on this connection has none.
const ACT_AS = `SELECT set_config('role', $1, true), set_config('request.jwt.claims', $2, true),
  set_config('statement_timeout', $3, true)`
// SQLSTATE, or its class of two characters, and what the client is told.
const REASONS = {
  '42P01': 'The database has no schema yet; run: ./invoke db.migrate',
  '3F000': 'The database has no schema yet; run: ./invoke db.migrate',
  57014: 'The database took too long.',
  '08': 'The database does not answer; see /ready.',
  '28': 'The database does not answer; see /ready.',
  '53': 'The database does not answer; see /ready.',
  '57': 'The database does not answer; see /ready.',
}

/** A pool for `url`; it connects when it is first asked. */
export function openDatabase(url) {
  const pool = new pg.Pool({ connectionString: url, max: 10, connectionTimeoutMillis: WAIT, application_name: 'hono' })
  // Without a listener an idle connection that the server closes would end the process.
  pool.on('error', (error) => console.error(`idle connection lost: ${error.code ?? error.name}`))
  return {
    /** Answers SELECT 1, or throws. */
    ping: () => pool.query('SELECT 1'),
    /** What `work` returns, run in a transaction that acts as the caller of `claims`. */
    actingAs: (claims, work) => transaction(pool, claims, work),
    close: () => pool.end(),
  }
}

/** Commits at the end of `work`, rolls back on an error. */
async function transaction(pool, claims, work) {
  const client = await pool.connect().catch((error) => {
    throw told(error, true)
  })
  let failed
  try {
    await client.query('BEGIN')
    await client.query(ACT_AS, [claims.role, JSON.stringify(claims), TIMEOUTS[claims.role]])
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    failed = error
    throw told(error)
  } finally {
    // A connection whose transaction failed is closed, not reused: nobody has to know what state it is in.
    client.release(failed)
  }
}

/** An error of Postgres as what the client is told; others come back as they are. */
function told(error, connecting = false) {
  if (error instanceof Refused) return error
  const code = String(error.code ?? '')
  if (code === '42501') return new Refused(403, 'Row level security or a missing grant refuses this.')
  const lost = connecting || !/^[0-9A-Z]{5}$/.test(code) ? REASONS['08'] : undefined
  const reason = REASONS[code] ?? REASONS[code.slice(0, 2)] ?? lost
  return reason ? new Refused(503, reason, { 'Retry-After': '1' }) : error
}
