"""A dump that needs an extension: back where the server has it, refused by its name where the server does not."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.errors import BackupError
from tests.support import restoring, services
from tests.support.restoring import backup, contents, databases

# With a value of the type that it makes; a build of Postgres has at least one of them.
TYPES = {"vector": "vector '[1,2,3]'", "hstore": "hstore 'a=>1'", "citext": "citext 'Text'", "ltree": "ltree 'a.b'"}


@pytest.fixture
def shop(stack) -> Iterator:
    yield restoring.filled(stack)
    restoring.tidy(stack)


@pytest.fixture
def extension(shop) -> str:
    """The name of one, with a table of the shop's that cannot be without it."""
    with shop.connect("admin") as conn:
        there = {row[0] for row in conn.execute("select name from pg_available_extensions")}
        name = next(each for each in TYPES if each in there)
        conn.execute(f"create extension {name}; create table needy as select {TYPES[name]} as value")
    return name


@pytest.fixture
def bare_server(folder: Path) -> Iterator:
    """A shop on a server that has no extension but plpgsql: its directory of them holds nothing else."""
    system = subprocess.run(
        [services.postgres_bin() / "pg_config", "--sharedir"], capture_output=True, text=True, check=True
    )
    share = folder / "share" / "extension"
    share.mkdir(parents=True)
    for path in Path(system.stdout.strip(), "extension").glob("plpgsql*"):
        shutil.copy(path, share)
    with restoring.own_server(folder, "-c", f"extension_control_path={share.parent}") as made:
        yield made
    shutil.rmtree(share.parent)


def test_an_extension_comes_back_with_what_needs_it(shop, extension: str) -> None:
    before, name = contents(shop), backup(shop)
    with shop.connect("admin") as conn:
        conn.execute(f"drop extension {extension} cascade; drop table needy")
    assert shop.run("backups.drill", {"id": name})["ok"]
    shop.run("restore", {"id": name})
    assert contents(shop) == before and before["public.needy"][0] == 1


def test_a_server_without_it_refuses_by_its_name_and_nothing_is_touched(shop, extension: str, bare_server) -> None:
    before, there = contents(bare_server), databases(bare_server)
    with pytest.raises(BackupError) as caught:
        bare_server.run("restore", {"folder": str(restoring.path(shop, backup(shop)))})
    assert (
        caught.value.code == 7 and caught.value.found == f"needs extensions that this server does not have: {extension}"
    )
    assert "pg_available_extensions" in caught.value.next
    assert (contents(bare_server), databases(bare_server)) == (before, there)
