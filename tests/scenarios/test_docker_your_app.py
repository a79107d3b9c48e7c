"""Any other app: examples/hono in the place of the reference backend by settings alone, and in front of it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support import clone, demo
from tests.support.campaign import sized
from tests.support.clone import DEMO_USER, Clone, assert_refused
from tests.support.containers import docker, must
from tests.support.load.generator import FULL, load
from tests.support.other_app import OTHER_USER, ROWS, SECRET, SETTINGS, asked, pages, signing_key, titles, token
from tests.support.releasing import colours, releases
from tests.support.waiting import until

pytestmark = [pytest.mark.scenario, pytest.mark.long]

DEPLOYS = sized(3, 20)


@pytest.fixture(scope="module")
def hono(engine: None) -> Iterator[Clone]:
    """A stack that runs examples/hono, with the rows of two users."""
    with clone.made() as made:
        made.settle(**SETTINGS)
        made.succeed("up")
        made.sql(ROWS)
        yield made


def test_it_passes_every_gate_and_names_its_stores(hono: Clone):
    assert set(hono.ids()) == {"postgres", "redis", "objects", "ops", "app", "gateway"}
    status, report = asked(hono.url, "/ready")
    assert (status, report["ready"]) == (200, True)
    assert {name: store["ok"] for name, store in report["dependencies"].items()} == {
        "postgres": True,
        "redis": True,
        "objects": True,
    }
    hono.assert_nothing_to_do()


def test_each_user_lists_what_is_theirs_page_by_page(hono: Clone):
    expected = hono.sql(f"SELECT title FROM tasks WHERE user_id = '{OTHER_USER}' ORDER BY created_at DESC, id DESC")
    assert [len(page) for page in pages(hono.url, token(OTHER_USER))] == [20, 20, 5]
    assert titles(hono.url, token(OTHER_USER)) == expected.splitlines()
    assert "Read the README" in titles(hono.url, token(DEMO_USER))
    assert titles(hono.url, token("00000000-0000-4000-8000-0000000000ff")) == []


def test_the_policies_of_the_database_decide_what_it_lists(hono: Clone):
    """They see the role and the claims of the token, which no query of the app hands over otherwise."""
    hono.sql(
        "CREATE POLICY by_claims ON tasks AS RESTRICTIVE FOR SELECT TO authenticated"
        " USING (auth.jwt() ->> 'email' = 'may@example.org' AND auth.uid() = user_id)"
    )
    try:
        assert titles(hono.url, token(OTHER_USER)) == []
        assert [len(page) for page in pages(hono.url, token(OTHER_USER, email="may@example.org"))] == [20, 20, 5]
    finally:
        hono.sql("DROP POLICY by_claims ON tasks")


REFUSED = {
    "of nobody": (401, lambda: None),
    "no token": (401, lambda: "abc"),
    "of another secret": (401, lambda: token(OTHER_USER, SECRET[::-1])),
    "expired": (401, lambda: token(OTHER_USER, exp=int(time.time()) - 1)),
    "of another issuer": (401, lambda: token(OTHER_USER, iss="somebody")),
    "of the superuser": (403, lambda: token(OTHER_USER, role="postgres")),
}


@pytest.mark.parametrize(("status", "bearer"), REFUSED.values(), ids=REFUSED)
def test_a_token_that_is_not_good_is_refused_with_a_sentence(hono: Clone, status: int, bearer):
    found, body = asked(hono.url, "/api/v1/tasks", bearer())
    assert found == status and body["detail"].endswith((".", "…")), body


def test_deploys_under_load_lose_no_request_and_its_process_ends_in_order(hono: Clone):
    with load(hono.url, seconds=120 * DEPLOYS, rate=FULL, fast="/", post=None, slow=None) as running:
        for number in range(DEPLOYS):
            before = hono.id("app")
            hono.settle(APP_ENV_RELEASE=f"n{number}")
            hono.succeed("deploy")
            assert f'"version":"n{number}"' in hono.get("/")
            assert docker("inspect", before).returncode != 0 and len(colours(hono)) == 1
    assert running.lasted, running.result.text()
    assert running.result.failed == 0, running.result.failures[:5]
    assert len(running.result.turns) >= DEPLOYS


def test_on_sigterm_it_closes_what_it_has_opened_and_ends_with_0(hono: Clone):
    image = releases(hono)[0]["image"]
    named = ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET")
    told = must("inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", hono.id("app")).splitlines()
    words = [part for line in told if line.partition("=")[0] in named for part in ("--env", line)]
    network = f"{hono.project}-local_data"
    made = must("run", "--detach", "--read-only", "--network", network, *words, image).strip()
    try:
        ready = "fetch('http://127.0.0.1:8000/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"
        until(lambda: docker("exec", made, "node", "-e", ready).returncode == 0, "it is ready")
        must("stop", "--time", "60", made)
        assert must("inspect", "--format", "{{.State.ExitCode}}", made).strip() == "0"
        assert "stopped: connections closed" in docker("logs", made).stdout
    finally:
        must("rm", "--force", made)


def test_a_second_version_that_is_broken_never_serves_and_a_rollback_brings_the_first_back(hono: Clone):
    first = releases(hono)[0]
    source = hono.root / SETTINGS["APP_CONTEXT"] / "server.js"
    was = source.read_text()
    source.write_text(f"{was}\nthrow new Error('broken at start')\n")
    assert_refused(hono.invoke("deploy"), 6, "broken at start", "serves")
    source.write_text(f"{was}\n// the second version\n")
    hono.succeed("deploy")
    assert releases(hono)[0]["image_id"] != first["image_id"]
    with load(hono.url, seconds=60, rate=FULL, fast="/", post=None, slow=None) as running:
        assert f"serves what {first['id']} was" in hono.succeed("rollback")
    assert running.result.failed == 0, running.result.failures[:5]
    assert releases(hono)[0]["image_id"] == first["image_id"]
    source.write_text(was)


@pytest.fixture(scope="module")
def iam(engine: None) -> Iterator[Clone]:
    """A stack of the reference backend whose front door is at an address that containers of other stacks reach."""
    bridge = must("network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}").strip()
    with clone.made() as made:
        made.settle(HTTP_BIND=bridge, APP_ENV_JWT_SIGNING_KEY=f"'{signing_key()}'")
        made.succeed("up")
        yield made


def test_in_front_of_the_reference_backend_it_takes_logins_there_and_tokens_from_there(hono: Clone, iam: Clone):
    hono.settle(APP_ENV_BACKEND_URL=f"http://{iam.setting('HTTP_BIND')}:{iam.port}")
    hono.succeed("deploy")
    bearer = demo.log_in(hono.url)
    assert asked(hono.url, "/api/v1/auth/me", bearer)[1]["email"] == demo.EMAIL
    assert "Read the README" in titles(hono.url, bearer)
    assert [len(page) for page in pages(hono.url, token(OTHER_USER))] == [20, 20, 5]
    iam.succeed("down")
    assert "Read the README" in titles(hono.url, bearer)
    assert asked(hono.url, "/api/v1/auth/me", bearer)[0] in (502, 503)
