"""A second archive elsewhere brings the cluster back when this machine's own is lost too; and what the time without
archiving leaves."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.scenarios.test_docker_pitr import SOON, moment, reached, said, segment, titles, write
from tests.support.clone import Clone, assert_refused
from tests.support.containers import must
from tests.support.waiting import until

pytestmark = [pytest.mark.scenario, pytest.mark.long]

KEYS = ("elsewhere", "a-key-of-another-store")
MAKE_BUCKET = """
import os, sys
from slipway.data import endpoints; from slipway.data.objects import client as objects
told = {"S3_ENDPOINT": "http://elsewhere:9000", "S3_ACCESS_KEY": sys.argv[1], "S3_SECRET_KEY": sys.argv[2]}
objects.client(endpoints.read(dict(os.environ) | told)).create_bucket(Bucket="archive")
"""


@contextmanager
def elsewhere(stack: Clone) -> Iterator[None]:
    """A store that is not the stack's, in a network of the stack so that it is reached; it has an empty bucket."""
    image, ops = (must("inspect", "--format", "{{.Image}}", stack.id(service)) for service in ("objects", "ops"))
    name, edge = f"slipway-test-{uuid.uuid4().hex[:12]}", f"{stack.project}-local_edge"
    must(
        "run",
        "--detach",
        "--name",
        name,
        "--network",
        edge,
        "--network-alias",
        "elsewhere",
        "--env",
        f"MINIO_ROOT_USER={KEYS[0]}",
        "--env",
        f"MINIO_ROOT_PASSWORD={KEYS[1]}",
        image,
    )
    try:
        # Not in ops, which is let out of the stack's own network only once a setting names something outside.
        must("run", "--rm", "--network", edge, ops, "python3", "-c", MAKE_BUCKET, *KEYS)
        yield
    finally:
        must("rm", "--force", "--volumes", name)


def repositories(status: dict) -> set[int]:
    return {number for backup in status["backups"] for number in backup["repositories"]}


@pytest.fixture
def archived(fresh: Clone) -> Clone:
    fresh.settle(PITR="true", PITR_ARCHIVE_TIMEOUT=str(SOON))
    fresh.succeed("up")
    return fresh


def test_everything_here_is_lost_and_comes_back_from_the_second_archive(archived: Clone):
    with elsewhere(archived):
        archived.settle(
            PITR_REPO2_ENDPOINT="http://elsewhere:9000",
            PITR_REPO2_REGION="us-east-1",
            PITR_REPO2_BUCKET="archive",
            PITR_REPO2_ACCESS_KEY=KEYS[0],
            PITR_REPO2_SECRET_KEY=KEYS[1],
        )
        archived.succeed("up")
        assert repositories(said(archived, "pitr.status")) == {1, 2}
        write(archived, "last-words")
        wal = segment(archived)
        until(lambda: reached(archived, wal), f"{wal} is archived twice")

        for service in ("postgres", "objects", "pitr"):
            must("rm", "--force", "--volumes", archived.id(service))
        must("volume", "rm", f"{archived.project}-local_postgres", f"{archived.project}-local_objects")
        assert_refused(
            archived.invoke("up"), 4, "repository 2 holds the archive of another cluster", "restore --at latest"
        )
        archived.succeed("restore", "--at", "latest", "--yes", "--drop-old")
        assert titles(archived, "last-words") == {"last-words"}
        archived.succeed("up")
        found = said(archived, "pitr.status")
        assert found["problems"] == [] and repositories(found) == {1, 2}


@pytest.mark.campaign
def test_the_time_without_archiving_is_a_gap_that_a_new_backup_ends(archived: Clone):
    write(archived, "before")
    archived.settle(PITR="false")
    archived.succeed("up")
    write(archived, "between")
    inside = moment(archived)
    archived.sql("SELECT pg_switch_wal()")
    archived.settle(PITR="true")
    archived.succeed("up")
    assert said(archived, "pitr.status")["problems"] == []
    write(archived, "after")
    then = moment(archived)
    write(archived, "too-late")
    assert archived.invoke("restore", "--at", inside, "--yes").code == 7
    archived.succeed("restore", "--at", then, "--yes", "--drop-old")
    assert titles(archived, "before", "between", "after", "too-late") == {"before", "between", "after"}
