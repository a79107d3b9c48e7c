"""Random policies and people against a model of what policies say: nobody sees or changes another's row."""

from __future__ import annotations

import json
from dataclasses import dataclass

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.embedded.data.conftest import Stack, stack_on
from tests.support.campaign import sized
from tests.support.fuzzing import fuzz
from tests.support.policies import ORGS, ROWS, USERS, filled, policies, seen, token


@pytest.fixture(scope="module")
def noted(postgres, tmp_path_factory) -> Stack:
    return filled(stack_on(postgres, tmp_path_factory.mktemp("policies")))


@dataclass(frozen=True)
class Condition:
    """One condition of a policy: as SQL, and what it says of a row for somebody."""

    sql: str

    def holds(self, row: tuple, claims: dict) -> bool:
        _, user, org, is_public = row
        return {
            OWN: claims.get("sub") == user,
            IN_ORG: claims.get("app_metadata", {}).get("org") == org,
            OPEN: is_public,
            SIGNED_IN: claims.get("role") == "authenticated",
        }[self.sql]


OWN = "auth.uid() = user_id"
IN_ORG = "(auth.jwt() -> 'app_metadata' ->> 'org')::text = org"
OPEN = "is_public"
SIGNED_IN = "coalesce(auth.jwt() ->> 'role', '') = 'authenticated'"
ROLES = ("anon", "authenticated", "service_role", "public")


@dataclass(frozen=True)
class Policy:
    """A policy for reading: its conditions all have to hold."""

    roles: tuple[str, ...]
    permissive: bool
    conditions: tuple[Condition, ...]

    def written(self, name: str) -> str:
        kind = "permissive" if self.permissive else "restrictive"
        told = " and ".join(f"({each.sql})" for each in self.conditions)
        return f"create policy {name} on notes as {kind} for select to {', '.join(self.roles)} using ({told})"

    def binds(self, role: str) -> bool:
        return role in self.roles or "public" in self.roles

    def lets(self, row: tuple, claims: dict) -> bool:
        return all(each.holds(row, claims) for each in self.conditions)


def model(given_policies: list[Policy], role: str, claims: dict) -> set[int]:
    """The rows that somebody sees: one permissive policy has to let them, and every restrictive one."""
    bound = [each for each in given_policies if each.binds(role)]
    return {
        row[0]
        for row in ROWS
        if any(each.lets(row, claims) for each in bound if each.permissive)
        and all(each.lets(row, claims) for each in bound if not each.permissive)
    }


conditions = st.sampled_from([OWN, IN_ORG, OPEN, SIGNED_IN]).map(Condition)
random_policies = st.lists(
    st.builds(
        Policy,
        st.lists(st.sampled_from(ROLES), min_size=1, max_size=3, unique=True).map(tuple),
        st.sampled_from([True, True, False]),
        st.lists(conditions, min_size=1, max_size=3, unique=True).map(tuple),
    ),
    max_size=4,
)
people = st.one_of(
    st.just(("anon", {})),
    st.just(("anon", {"role": "anon"})),
    st.tuples(
        st.just("authenticated"),
        st.builds(
            lambda user, org: token(user, app_metadata={"org": org} if org else {}),
            st.sampled_from(USERS),
            st.sampled_from([*ORGS, None]),
        ),
    ),
)


@fuzz(sized(150, 20_000))
@given(random_policies, st.lists(people, min_size=1, max_size=4))
def test_what_somebody_sees_is_what_the_policies_say(noted, written, askers) -> None:
    with policies(noted, *(each.written(f"p{number}") for number, each in enumerate(written))):
        for role, claims in askers:
            assert seen(noted, role, claims) == model(written, role, claims)


@fuzz(sized(60, 5_000))
@given(st.sampled_from(USERS), st.sampled_from(USERS), st.sampled_from(["insert", "update", "delete", "move"]))
def test_by_policies_of_ones_own_rows_nobody_reaches_anothers(noted, mine, other, verb) -> None:
    written = "create policy p on notes to authenticated using (auth.uid() = user_id) with check (auth.uid() = user_id)"
    words = {
        "insert": "insert into notes values (1000, %(other)s, 'north', true)",
        "update": "update notes set org = 'taken' where user_id = %(other)s",
        "delete": "delete from notes where user_id = %(other)s",
        "move": "update notes set user_id = %(other)s where user_id = %(mine)s",
    }[verb]
    refused = verb in ("insert", "move") and mine != other
    with policies(noted, written), noted.connect("app") as conn, conn.transaction(force_rollback=True):
        conn.execute("select set_config('role', 'authenticated', true)")
        conn.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(token(mine))])
        try:
            changed = conn.execute(words, {"mine": mine, "other": other}).rowcount
        except psycopg.errors.InsufficientPrivilege:
            assert refused
        else:
            assert not refused and (changed == 0) == (mine != other)
