/** The tasks of a user, newest first, in pages by keyset: page 1000 is as fast as page 1. */

import { Refused } from './problems.js'

const LIMIT = 20
const MOST = 100
const STATUSES = ['todo', 'in_progress', 'done', 'cancelled']
const PLACE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z) ([0-9a-f-]{36})$/
// Text and not Date: JavaScript's has milliseconds, and a page that begins between two microseconds would repeat rows.
const moment = (name) => `to_char(${name} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS ${name}`
const MOMENTS = ['due_at', 'completed_at', 'created_at', 'updated_at'].map(moment).join(', ')

// The user is named although row level security keeps users apart: the database may be one where the role bypasses it.
// The sort names its table: created_at alone is the text above.
const LIST = `
  SELECT id, title, description, status, ${MOMENTS} FROM tasks
  WHERE user_id = $1 AND ($2::text IS NULL OR status = $2)
    AND ($3::timestamptz IS NULL OR (tasks.created_at, id) < ($3, $4::uuid))
  ORDER BY tasks.created_at DESC, id DESC LIMIT $5`

/** What a client asked for. Throws Refused (422) for what cannot be. */
export function pageOf({ limit = String(LIMIT), status = null, after }) {
  if (!/^\d{1,3}$/.test(limit) || +limit < 1 || +limit > MOST) throw new Refused(422, `limit: expected 1 to ${MOST}.`)
  if (status !== null && !STATUSES.includes(status)) throw new Refused(422, `status: expected ${STATUSES.join(', ')}.`)
  return { limit: +limit, status, after: after === undefined ? [null, null] : placeOf(after) }
}

/** A page of the caller's tasks, and the token of the next one, or null. */
export async function listTasks(database, claims, { limit, status, after }) {
  const values = [claims.sub, status, ...after, limit + 1] // one row more says that there is a next page
  const { rows } = await database.actingAs(claims, (client) => client.query(LIST, values))
  const items = rows.slice(0, limit)
  return { items, next: rows.length > limit ? tokenOf(items.at(-1)) : null }
}

const tokenOf = (row) => Buffer.from(`${row.created_at} ${row.id}`).toString('base64url')

/** The inverse of `tokenOf`. */
function placeOf(token) {
  const [, at, id] = PLACE.exec(Buffer.from(token, 'base64url').toString()) ?? []
  if (!at || Number.isNaN(Date.parse(at))) {
    throw new Refused(422, 'after is not a token that this list gave; start again without it.')
  }
  return [at, id]
}
