"""Policies as they are written for Supabase, unchanged: what each lets somebody see."""

from __future__ import annotations

import json

import pytest

from tests.embedded.data.conftest import Stack, stack_on
from tests.support.policies import ROWS, USERS, filled, policies, seen, token


@pytest.fixture(scope="module")
def noted(postgres, tmp_path_factory) -> Stack:
    return filled(stack_on(postgres, tmp_path_factory.mktemp("policies")))


OF_ANN = {number for number, user, *_ in ROWS if user == USERS[0]}
PUBLIC = {number for number, *_, is_public in ROWS if is_public}
NORTH = {number for number, _, org, _ in ROWS if org == "north"}
ALL = {number for number, *_ in ROWS}
ANN = token(USERS[0])
# What is written; what Ann sees by it, and who has not signed in.
WRITTEN = {
    'create policy "Own rows" on "public"."notes" for select using (auth.uid() = user_id);': (OF_ANN, set()),
    "create policy p on notes to authenticated using ((select auth.uid()) = user_id);": (OF_ANN, set()),
    'CREATE POLICY "p" ON "public"."notes" TO "authenticated" USING (("auth"."uid"() = "user_id"));': (OF_ANN, set()),
    "create policy p on notes as permissive for all to authenticated using (true) with check (auth.uid() = user_id);": (
        ALL,
        set(),
    ),
    "create policy p on notes for select to anon using (is_public);": (set(), PUBLIC),
    "create policy p on notes for select to anon, authenticated using (is_public);": (PUBLIC, PUBLIC),
    "create policy p on notes to service_role using (true) with check (true);": (set(), set()),
    "create policy p on notes for select using (auth.role() = 'authenticated');": (ALL, set()),
    "create policy p on notes for select using (auth.jwt() ->> 'role' = 'authenticated');": (ALL, set()),
    "create policy p on notes using ((auth.jwt() -> 'app_metadata' ->> 'org')::text = org);": (NORTH, set()),
    "create policy p on notes using (auth.jwt() -> 'app_metadata' -> 'orgs' ? org);": (NORTH, set()),
    "create policy p on notes using (auth.email() = user_id || '@example.org');": (OF_ANN, set()),
    "create policy p on notes using (auth.email() like '%@example.org');": (ALL, set()),
    "create policy p on notes to authenticated using ((select auth.jwt() ->> 'aal') = 'aal2');": (set(), set()),
    "create policy p on notes to authenticated using ((auth.jwt() ->> 'is_anonymous')::boolean is false);": (
        ALL,
        set(),
    ),
    "create policy p on notes using (user_id = (auth.jwt() ->> 'sub')::uuid and not is_public);": (
        OF_ANN - PUBLIC,
        set(),
    ),
}


@pytest.mark.parametrize(("written", "expected"), WRITTEN.items())
def test_a_policy_of_supabases_works_unchanged(noted, written: str, expected: tuple[set[int], set[int]]) -> None:
    ann = ANN | {"app_metadata": {"org": "north", "orgs": ["north"]}, "aal": "aal1", "is_anonymous": False}
    with policies(noted, written):
        assert (seen(noted, "authenticated", ann), seen(noted, "anon", {"role": "anon"})) == expected
        assert seen(noted, "anon", None) == expected[1]


def test_old_and_new_settings_of_claims_are_both_read_and_an_empty_one_is_none(noted) -> None:
    query = "select auth.uid()::text, auth.role(), auth.email(), auth.jwt() is null"
    with noted.connect("app") as conn:
        conn.execute("set role authenticated")
        with conn.transaction():
            for claim, value in (("sub", USERS[1]), ("role", "authenticated"), ("email", "b@example.org")):
                conn.execute("select set_config('request.jwt.claim.' || %s, %s, true)", [claim, value])
            assert conn.execute(query).fetchone() == (USERS[1], "authenticated", "b@example.org", True)
        with conn.transaction():
            conn.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(ANN)])
            assert conn.execute(query).fetchone() == (USERS[0], "authenticated", ANN["email"], False)
        # After the transactions the settings are there and empty.
        assert conn.execute(query).fetchone() == (None, None, None, True)
