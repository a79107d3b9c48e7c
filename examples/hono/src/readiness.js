/** Readiness: every store is asked at once, each within a deadline. */

import { AwsClient } from 'aws4fetch'

const DEADLINE = 2000 // milliseconds that a store has to answer
// Codes of drivers and the system, and what is published: their texts can quote users, hosts and parts of URLs.
const REASONS = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'the host name is not known',
  ETIMEDOUT: 'no answer in time',
  '28P01': 'the credentials were refused',
  '3D000': 'the database does not exist',
  '57P03': 'it is starting up',
}

/** A function that answers `{ready, dependencies}`; callers that come while it asks share the answer. */
export function readiness({ database, cache, objects }) {
  const checks = { postgres: () => database.ping(), redis: () => cache.ping(), objects: bucket(objects) }
  let round = null
  return () => (round ??= askAll(checks).finally(() => (round = null)))
}

/** HEAD of the bucket, signed. */
function bucket({ endpoint, region, accessKey, secretKey, bucket }) {
  const client = new AwsClient({ accessKeyId: accessKey, secretAccessKey: secretKey, region, service: 's3', retries: 0 })
  return async () => {
    const answer = await client.fetch(`${endpoint}/${bucket}`, { method: 'HEAD', signal: AbortSignal.timeout(DEADLINE) })
    if (!answer.ok) throw Object.assign(new Error(), { reason: `the bucket answers ${answer.status}` })
  }
}

async function askAll(checks) {
  const pairs = Object.entries(checks).map(async ([name, check]) => [name, await ask(check)])
  const dependencies = Object.fromEntries(await Promise.all(pairs))
  return { ready: Object.values(dependencies).every((each) => each.ok), dependencies }
}

/** What one store answered; never throws. */
async function ask(check) {
  const started = performance.now()
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(), { code: 'ETIMEDOUT' })), DEADLINE)
  })
  try {
    await Promise.race([check(), late])
    return { ok: true, ms: elapsed(started) }
  } catch (error) {
    return { ok: false, ms: elapsed(started), reason: reasonOf(error) }
  } finally {
    clearTimeout(timer)
  }
}

const reasonOf = (error) => error.reason ?? REASONS[error.code ?? error.cause?.code] ?? 'it does not answer'
const elapsed = (started) => Math.round((performance.now() - started) * 10) / 10
