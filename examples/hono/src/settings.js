/** The environment of the service as one object. The variables are those that Slipway gives any app. */

const REQUIRED = ['DATABASE_URL', 'REDIS_URL', 'S3_ENDPOINT', 'S3_ACCESS_KEY', 'S3_SECRET_KEY', 'S3_BUCKET']
const SECRET_BYTES = 32 // RFC 7518: the key of HS256 has at least the size of its hash

/** The environment cannot be used; the message is one sentence, without any value that may be a secret. */
export class SettingsError extends Error {}

/**
 * The settings in `env`; an empty value counts as not set. Throws SettingsError.
 * @param {Record<string, string | undefined>} env
 */
export function readSettings(env) {
  const missing = REQUIRED.filter((name) => !env[name])
  if (missing.length) throw new SettingsError(`${missing.join(', ')}: not set; examples/hono/README.md lists every variable.`)
  return {
    host: env.HOST || '127.0.0.1',
    port: number(env, 'PORT', 8000, 65535),
    databaseUrl: url(env, 'DATABASE_URL', ['postgresql:', 'postgres:']),
    redisUrl: url(env, 'REDIS_URL', ['redis:', 'rediss:']),
    objects: {
      endpoint: url(env, 'S3_ENDPOINT', ['http:', 'https:']).replace(/\/+$/, ''),
      region: env.S3_REGION || 'us-east-1',
      accessKey: env.S3_ACCESS_KEY,
      secretKey: env.S3_SECRET_KEY,
      bucket: env.S3_BUCKET,
    },
    backendUrl: env.BACKEND_URL ? url(env, 'BACKEND_URL', ['http:', 'https:']).replace(/\/+$/, '') : null,
    jwtSecret: secret(env),
    jwtIssuer: env.JWT_ISSUER || 'slipway',
    drainSeconds: number(env, 'DRAIN_TIMEOUT', 10, 3600),
    release: env.RELEASE || 'unreleased',
  }
}

/** A whole number from 0 to `most`. */
function number(env, name, fallback, most) {
  const found = env[name] || String(fallback)
  if (!/^\d{1,6}$/.test(found) || Number(found) > most) {
    throw new SettingsError(`${name} is ${JSON.stringify(found)}, expected a whole number from 0 to ${most}.`)
  }
  return Number(found)
}

/** A URL of one of `schemes`. It may hold a password, so no message shows it. */
function url(env, name, schemes) {
  if (!URL.canParse(env[name]) || !schemes.includes(new URL(env[name]).protocol)) {
    throw new SettingsError(`${name} is no URL that begins with ${schemes.map((each) => `${each}//`).join(' or ')}`)
  }
  return env[name]
}

/** The secret that tokens are signed with, or null where only the keys of the IAM count. */
function secret(env) {
  if (!env.JWT_SECRET) return null
  const bytes = Buffer.byteLength(env.JWT_SECRET)
  if (bytes < SECRET_BYTES) throw new SettingsError(`JWT_SECRET has ${bytes} bytes, expected at least ${SECRET_BYTES}.`)
  return env.JWT_SECRET
}
