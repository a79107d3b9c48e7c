/** Access tokens: who a request acts for. */

import { createRemoteJWKSet, decodeProtectedHeader, errors, jwtVerify } from 'jose'
import { Refused } from './problems.js'

const JWKS_PATH = '/auth/v1/.well-known/jwks.json'
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i
// The name of a role goes into the transaction, so nobody but these two may be acted as.
const ROLES = ['authenticated', 'anon']
const REASONS = {
  ERR_JWT_EXPIRED: 'has expired: refresh it',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'is of another issuer or for another audience, or not valid yet',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'has a signature of another key',
}
const FETCHING = ['ERR_JWKS_TIMEOUT', 'ERR_JWKS_INVALID', 'ERR_JOSE_GENERIC'] // what jose throws for the keys, not the token

/**
 * A function from an Authorization header to verified claims; it throws Refused.
 * HS256 is verified by JWT_SECRET, other algorithms by the keys that the IAM publishes: a key is never used for an
 * algorithm that it is not for, whatever the header of a token says.
 */
export function verifier({ jwtSecret, jwtIssuer, backendUrl }) {
  const secret = jwtSecret && new TextEncoder().encode(jwtSecret)
  const published = backendUrl && createRemoteJWKSet(new URL(backendUrl + JWKS_PATH))
  const expected = { issuer: jwtIssuer, audience: 'authenticated', requiredClaims: ['exp', 'sub'] }
  return async (header) => {
    const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1]
    if (!token) throw unauthorized('Send an access token as Authorization: Bearer …')
    try {
      const [key, algorithms] = algorithm(token) === 'HS256' ? [secret, ['HS256']] : [published, ['ES256', 'RS256']]
      if (!key) throw unauthorized('The access token is signed in a way that is not accepted here.')
      return checked((await jwtVerify(token, key, { ...expected, algorithms })).payload)
    } catch (error) {
      throw refusal(error)
    }
  }
}

/** The algorithm that a token names. Throws an error of jose's where it is no token. */
function algorithm(token) {
  try {
    return decodeProtectedHeader(token).alg
  } catch {
    throw new errors.JWTInvalid('no header')
  }
}

/** The claims, where they are those of a user that the database may be asked as. */
function checked(claims) {
  if (!UUID.test(claims.sub)) throw unauthorized('The access token names no user: sub is no UUID.')
  if (!ROLES.includes(claims.role)) {
    throw new Refused(403, `This service acts as ${ROLES.join(' or ')} only, and the token is for another role.`)
  }
  return claims
}

/** What the client is told: nothing of a token's content, and 503 where the keys could not be fetched. */
function refusal(error) {
  if (error instanceof Refused) return error
  if (error instanceof errors.JOSEError && !FETCHING.includes(error.code)) {
    return unauthorized(`The access token ${REASONS[error.code] ?? 'is none that is accepted here'}.`)
  }
  return new Refused(503, 'The keys of access tokens cannot be fetched from BACKEND_URL.', { 'Retry-After': '1' })
}

const unauthorized = (sentence) => new Refused(401, sentence, { 'WWW-Authenticate': 'Bearer' })
