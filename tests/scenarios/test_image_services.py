"""The other images of IMAGES=debian keep the contracts of the official ones, in real containers."""

from __future__ import annotations

import os
import urllib.request

import pytest

from slipway.stack import images
from tests.support.containers import (
    HARDENED,
    ROOT,
    address,
    container,
    docker,
    ended,
    must,
    must_run,
    port,
    tags,
)
from tests.support.waiting import until

pytestmark = pytest.mark.scenario


def redis_cli(name: str, *words: str, password: str = "") -> str:
    secret = ("--env", f"REDISCLI_AUTH={password}") if password else ()
    return docker("exec", *secret, name, "redis-cli", "-e", *words).stdout.strip()


@pytest.mark.parametrize("flavour", ["redis", "valkey"])
@pytest.mark.parametrize("options", [("--user", "999:999", *HARDENED), ()], ids=["hardened", "as root"])
def test_redis_keeps_its_data_over_a_restart_and_asks_for_the_password(flavour, options, tmp_path):
    config = tmp_path / "redis.conf"
    config.write_text("requirepass secret\nappendonly yes\nappendfsync always\ndir /data\nprotected-mode no\n")
    tmp_path.chmod(0o755)
    with container(tags()[flavour], *options, "-v", f"{tmp_path}:/given:ro", command=("/given/redis.conf",)) as name:
        until(lambda: redis_cli(name, "ping", password="secret") == "PONG", "redis answers")
        assert "NOAUTH" in redis_cli(name, "get", "k")
        assert redis_cli(name, "set", "k", "kept", password="secret") == "OK"
        assert must("exec", name, "stat", "-c", "%u", "/proc/1") == "999"
        must("restart", name)
        until(lambda: redis_cli(name, "get", "k", password="secret") == "kept", "the key is there after the restart")


@pytest.mark.parametrize("flavour", ["redis", "valkey"])
def test_redis_gives_options_alone_to_the_server_and_lets_other_containers_in(flavour):
    with container(tags()[flavour], command=("--maxmemory", "64mb")) as name:
        until(lambda: redis_cli(name, "ping") == "PONG", "redis answers")
        assert redis_cli(name, "config", "get", "maxmemory").split() == ["maxmemory", "67108864"]
        with container(tags()[flavour], command=("sleep", "infinity")) as other:
            assert redis_cli(other, "-h", address(name), "ping") == "PONG"


def test_gateway_serves_port_80_with_one_capability_and_a_read_only_root(tmp_path):
    (tmp_path / "Caddyfile").write_text(':80 {\n\trespond /hello "привет"\n}\n')
    tmp_path.chmod(0o755)
    with container(
        tags()["gateway"],
        *HARDENED,
        "--cap-add",
        "NET_BIND_SERVICE",
        "--publish",
        "127.0.0.1::80",
        "--volume",
        f"{tmp_path}:/etc/caddy:ro",
    ) as name:
        url = f"http://127.0.0.1:{port(name, 80)}/hello"
        until(lambda: fetched(url) == "привет", "caddy answers")
        must("exec", name, "test", "-e", "/config/caddy/autosave.json")
        must("stop", name)
        assert must("inspect", "--format", "{{.State.ExitCode}}", name) == "0"


def fetched(url: str) -> str:
    try:
        return urllib.request.urlopen(url, timeout=2).read().decode()
    except OSError:
        return ""


KEYS = {"MINIO_ROOT_USER": 'who"am"I', "MINIO_ROOT_PASSWORD": 'it\'s; $HOME\\ "a secret"'}


def s3(name: str, secret: str = KEYS["MINIO_ROOT_PASSWORD"]):
    import boto3
    from botocore.config import Config

    config = Config(
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        s3={"addressing_style": "path"},
        connect_timeout=2,
        retries={"max_attempts": 1},
    )
    return boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port(name, 9000)}",
        region_name="us-east-1",
        aws_access_key_id=KEYS["MINIO_ROOT_USER"],
        aws_secret_access_key=secret,
        config=config,
    )


def s3_answers(name: str) -> bool:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return "Buckets" in s3(name).list_buckets()
    except (BotoCoreError, ClientError):
        return False


def test_objects_keeps_what_was_put_over_a_restart_and_refuses_a_wrong_secret():
    from botocore.exceptions import ClientError

    keys = [part for key, value in KEYS.items() for part in ("--env", f"{key}={value}")]
    with container(
        tags()["objects"], *HARDENED, "--user", "10002:10002", "--publish", "127.0.0.1::9000", *keys
    ) as name:
        until(lambda: s3_answers(name), "the store answers")
        body = os.urandom(12 * 2**20)
        s3(name).create_bucket(Bucket="files")
        s3(name).put_object(Bucket="files", Key="a/б в.bin", Body=body)
        with pytest.raises(ClientError):
            s3(name, secret="wrong").list_buckets()
        assert "a secret" not in must("exec", name, "sh", "-c", "tr '\\0' ' ' </proc/1/cmdline")
        must("exec", name, "nc", "-z", "127.0.0.1", "9000")
        must("restart", name)
        until(lambda: s3_answers(name), "the store answers after the restart")
        assert s3(name).get_object(Bucket="files", Key="a/б в.bin")["Body"].read() == body
        s3(name).delete_object(Bucket="files", Key="a/б в.bin")
        assert "Contents" not in s3(name).list_objects_v2(Bucket="files")


@pytest.mark.parametrize("missing", sorted(KEYS))
def test_objects_does_not_start_without_credentials(missing):
    given = [part for key, value in KEYS.items() if key != missing for part in ("--env", f"{key}={value}")]
    with container(tags()["objects"], *given) as name:
        code, log = ended(name)
        assert code == 2 and f"set {missing}" in log


def test_ops_has_client_server_and_libraries_and_ends_when_told():
    with container(tags()["ops"], *HARDENED) as name:
        must("exec", name, "python3", "-c", "import slipway.errors, psycopg, redis, boto3")
        for program in ("pg_dump", "pg_restore", "pg_isready", "initdb", "postgres", "pgbackrest"):
            must("exec", name, "which", program)
        assert must("exec", name, "id", "-u") == "10003"
        must("exec", name, "ls", "migrations", "fixtures", "slipway")
        must("stop", "--timeout", "30", name)
        assert must("inspect", "--format", "{{.State.ExitCode}}", name) == "0"


def test_an_app_image_is_built_from_its_folder_on_the_python_image_and_needs_no_second_build(tmp_path):
    (tmp_path / "Dockerfile").write_text(
        'ARG BASE\nFROM ${BASE}\nRUN python -m venv /opt/venv\nCMD ["/opt/venv/bin/python", "-c", "print(\'alive\')"]\n'
    )
    image = images.app_image(ROOT, tmp_path, tags()["python"], "trial")
    try:
        images.build(image, must_run)
        with container(image.tag) as name:
            assert ended(name) == (0, "alive\n")
        assert images.present([image.tag, "slipway/none:0"]) == {image.tag}
    finally:
        docker("image", "rm", image.tag)
