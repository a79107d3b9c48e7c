/** Errors as `application/problem+json` (RFC 9457), the form that the reference backend has too. */

import { STATUS_CODES } from 'node:http'
import { HTTPException } from 'hono/http-exception'

/** A request that is refused, with a sentence for the client. */
export class Refused extends Error {
  /** @param {number} status @param {string} detail @param {Record<string, string>} headers */
  constructor(status, detail, headers = {}) {
    super(detail)
    Object.assign(this, { status, headers })
  }
}

/** The answer that tells a problem. */
export function problem(status, detail, headers = {}) {
  const body = { type: 'about:blank', title: STATUS_CODES[status], status, detail }
  return new Response(JSON.stringify(body), { status, headers: { ...headers, 'Content-Type': 'application/problem+json' } })
}

/** The answer to whatever a handler throws. What is unexpected goes to the log, and not to the client. */
export function answerTo(error) {
  if (error instanceof Refused) return problem(error.status, error.message, error.headers)
  if (error instanceof HTTPException) return problem(error.status, error.message || STATUS_CODES[error.status])
  console.error(error)
  return problem(500, 'Internal error; the log of the service has the cause.')
}
