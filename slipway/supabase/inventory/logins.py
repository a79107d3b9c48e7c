"""Users, by how they log in; identities, second factors, sessions, pending links.

The forms of encrypted_password are those that Supabase's auth server writes and reads (supabase/auth, internal/crypto).
"""

from __future__ import annotations

from collections.abc import Iterator

from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, Finding
from slipway.supabase.inventory.project import Project, counted

FORMS = """
SELECT CASE WHEN coalesce(encrypted_password, '') = '' THEN 'none'
    WHEN encrypted_password ~ '^[$]2[abxy][$]' THEN 'bcrypt'
    WHEN encrypted_password ~ '^[$]argon2(id|i)[$]' THEN 'argon2'
    WHEN encrypted_password ~ '^[$]fbscrypt[$]' THEN 'Firebase scrypt'
    WHEN encrypted_password ~ '^\\s*[{]' THEN 'encrypted'
    ELSE 'unknown' END AS form, count(*) FROM auth.users GROUP BY 1 ORDER BY 1
"""
# By the form: what becomes of a login with it.
JUDGED = {
    "none": (BY_HAND, "they logged in elsewhere or by e-mail: a password, or your own way in"),
    "bcrypt": (MOVES, "the same password logs in; past its 72nd byte nothing counts, as before"),
    "argon2": (MOVES, "the same password logs in"),
    "Firebase scrypt": (MOVES, "the same password logs in"),
    "encrypted": (STAYS, "encrypted with a key that is not in the database: a new password"),
    "unknown": (STAYS, "of a form that no server of Supabase's reads: a new password"),
}
KINDS = """
SELECT count(*), count(*) FILTER (WHERE deleted_at IS NOT NULL), count(*) FILTER (WHERE is_anonymous),
    count(*) FILTER (WHERE banned_until > now()), count(*) FILTER (WHERE is_sso_user),
    count(*) FILTER (WHERE confirmed_at IS NULL), count(*) FILTER (WHERE is_super_admin) FROM auth.users
"""
SAID = (
    ("deleted", MOVES, "soft-deleted users: they stay so"),
    ("anonymous", MOVES, "they have no password: as long as their sessions live"),
    ("banned", MOVES, "until the time that the row says"),
    (
        "single sign-on",
        BY_HAND,
        "their identity provider is not asked on the target; their e-mail may be another user's too",
    ),
    ("not confirmed", MOVES, "they have never confirmed an e-mail or a phone"),
    ("administrators", MOVES, "is_super_admin; no server of Supabase's heeds it"),
)
SESSIONS = """
SELECT count(*) FILTER (WHERE not_after IS NULL OR not_after > now()),
    count(*) FILTER (WHERE refresh_token_hmac_key IS NOT NULL) FROM auth.sessions
"""
# Tables whose rows mean something to the platform's auth server alone, and what their loss means.
LEFT = {
    "auth.one_time_tokens": "links that were sent and not yet used die: they are asked for once more",
    "auth.flow_state": "logins that are under way start again",
    "auth.sso_providers": "single sign-on: your own SAML or OpenID Connect server",
    "auth.saml_providers": "single sign-on: your own SAML or OpenID Connect server",
    "auth.oauth_clients": "the project as a login server for others: your own OAuth server",
}


def find(project: Project) -> Iterator[Finding]:
    yield from project.there("users", "auth.users")
    if not project.has("auth.users"):
        return
    for form, number in project.rows(FORMS):
        verdict, note = JUDGED[form]
        yield Finding("users", f"{counted(number, 'user')}, password {form}", verdict, note)
    total, *parts = project.rows(KINDS)[0]
    for (word, verdict, note), number in zip(SAID, parts, strict=True):
        if number:
            yield Finding("users", f"{number:,} of {total:,} {word}", verdict, note)
    yield from identities(project)
    yield from factors(project)
    yield from sessions(project)
    for table, note in LEFT.items():
        if project.has(table) and (number := project.rows(f"SELECT count(*) FROM {table}")[0][0]):  # noqa: S608
            yield Finding("logins", f"{counted(number, 'row')} of {table}", STAYS, note)


def identities(project: Project) -> Iterator[Finding]:
    if not project.has("auth.identities"):
        return
    for provider, number in project.rows("SELECT provider, count(*) FROM auth.identities GROUP BY 1 ORDER BY 1"):
        if provider in ("email", "phone"):
            yield Finding("identities", f"{number:,} by {provider}", MOVES)
        elif provider.startswith("sso:"):
            yield Finding("identities", f"{number:,} by single sign-on", BY_HAND, LEFT["auth.sso_providers"])
        else:
            note = f"the rows move; {provider}'s client id and secret: dashboard, Authentication, Sign In / Providers"
            yield Finding("identities", f"{number:,} by {provider}", BY_HAND, note)


def factors(project: Project) -> Iterator[Finding]:
    query = "SELECT factor_type::text, status::text, count(*) FROM auth.mfa_factors GROUP BY 1, 2 ORDER BY 1, 2"
    for kind, status, number in project.rows(query) if project.has("auth.mfa_factors") else ():
        note = "the rows move; the app in app/ asks for no second factor: write that before the switch"
        verified = status == "verified"
        yield Finding(
            "second factors",
            f"{number:,} of {kind}, {status}",
            BY_HAND if verified else MOVES,
            note if verified else "",
        )


def sessions(project: Project) -> Iterator[Finding]:
    if not project.has("auth.sessions") or not project.has("auth.refresh_tokens"):
        return
    live, counter = project.rows(SESSIONS)[0]
    if live:
        yield Finding(
            "sessions", counted(live, "live session"), CHANGES, "into the app's sessions: users stay logged in"
        )
    if counter:
        note = "with refresh tokens that no row holds (a counter and a key): accepted as they are shown"
        yield Finding("sessions", counted(counter, "session"), CHANGES, note)
