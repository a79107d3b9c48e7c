"""`supabase.secrets`: what the project's vault holds, by name, and with its values only for whoever asks for them."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.verb import Nothing
from slipway.errors import SettingsError
from slipway.supabase import source
from slipway.supabase.interface import Vault, VaultSecret

VIEW = "vault.decrypted_secrets"
NAMES = "SELECT id::text, coalesce(name, '') FROM vault.decrypted_secrets ORDER BY created_at, id"
VALUES = "SELECT id::text, coalesce(name, ''), decrypted_secret FROM vault.decrypted_secrets ORDER BY created_at, id"


def names(ends: Endpoints, args: Nothing, emit: Emit) -> Vault:
    """The secrets without their values. Raises SettingsError where this role may not read them."""
    return read(ends, NAMES)


def values(ends: Endpoints, args: Nothing, emit: Emit) -> Vault:
    """The same with their values, which nobody may show or keep."""
    return read(ends, VALUES)


def read(ends: Endpoints, query: str) -> Vault:
    with source.snapshot(ends.supabase.db_url) as conn:
        readable = source.readable(conn, VIEW)
        if readable is False:
            raise SettingsError(
                VIEW,
                f"role {conn.info.user} may not read it",
                "role postgres of the project, or another that may",
                f"edit {source.WHERE} in .env: dashboard, Connect",
            )
        return Vault(bool(readable), tuple(VaultSecret(*row) for row in conn.execute(query)) if readable else ())
