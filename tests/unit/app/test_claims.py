"""The claims of an access token are Supabase's."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.domain.claims import User, claims
from backend.domain.sessions import Lives, Method, Session, alive, end

NOW = datetime.fromtimestamp(1_790_000_000, UTC)
USER = User(
    id=UUID("5be0f5a5-0000-4000-8000-000000000001"),
    email="a@ex.com",
    phone=None,
    role="authenticated",
    aud="authenticated",
    app_metadata={"provider": "email", "providers": ["email"]},
    user_metadata={"name": "A"},
    is_anonymous=False,
    created_at=NOW,
    updated_at=NOW,
    encrypted_password="$2a$10$never-shown",
)
SESSION = Session(UUID("1f000000-0000-4000-8000-000000000002"), USER.id, NOW, NOW, amr=(Method("password", NOW),))


def told(user: User = USER, session: Session = SESSION) -> dict:
    return claims(user, session, NOW + timedelta(milliseconds=900), "https://shop.example/auth/v1", timedelta(hours=1))


def test_the_claims_of_a_user_with_a_password() -> None:
    assert told() == {
        "iss": "https://shop.example/auth/v1",
        "sub": "5be0f5a5-0000-4000-8000-000000000001",
        "aud": "authenticated",
        "exp": 1790003600,
        "iat": 1790000000,
        "email": "a@ex.com",
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"name": "A"},
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": 1790000000}],
        "session_id": "1f000000-0000-4000-8000-000000000002",
        "is_anonymous": False,
    }


def test_an_anonymous_user_has_empty_texts_and_not_null() -> None:
    made = told(replace(USER, email=None, is_anonymous=True))
    assert (made["email"], made["phone"], made["is_anonymous"]) == ("", "", True)
    json.dumps(made)


def test_the_newest_method_comes_first_and_a_provider_is_named() -> None:
    later = Method("sso/saml", NOW + timedelta(minutes=5), "acme")
    made = told(session=replace(SESSION, aal="aal2", amr=(Method("password", NOW), later)))
    assert made["aal"] == "aal2"
    assert made["amr"] == [
        {"method": "sso/saml", "timestamp": 1790000300, "provider": "acme"},
        {"method": "password", "timestamp": 1790000000},
    ]


def test_the_hash_of_the_password_is_not_in_the_text_of_a_user() -> None:
    assert "never-shown" not in repr(USER) and "never-shown" not in json.dumps(told())


def test_a_session_ends_by_whichever_life_is_over_first() -> None:
    lives = Lives(timedelta(hours=2), timedelta(hours=3))
    fresh, later = replace(SESSION, lives=lives), replace(SESSION, lives=lives, refreshed_at=NOW + timedelta(hours=2))
    assert end(fresh) == NOW + timedelta(hours=2) and end(later) == NOW + timedelta(hours=3)
    assert alive(fresh, end(fresh) - timedelta(microseconds=1)) and not alive(fresh, end(fresh))
