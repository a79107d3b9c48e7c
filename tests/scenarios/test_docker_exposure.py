"""Only the front door can be reached from outside, and no secret can be read where it does not belong."""

from __future__ import annotations

import json
import subprocess

import pytest

from tests.support.clone import SERVICE, Clone, free_port
from tests.support.containers import must

pytestmark = pytest.mark.scenario


def inspected(stack: Clone) -> list[dict]:
    return json.loads(must("inspect", *(each for ids in stack.ids().values() for each in ids)))


def published(stack: Clone) -> dict[str, list[str]]:
    """Addresses that each service publishes on the host; services that publish nothing are left out."""
    found = {}
    for container in inspected(stack):
        bindings = [
            f"{entry['HostIp']}:{entry['HostPort']}"
            for entries in container["NetworkSettings"]["Ports"].values()
            for entry in entries or ()
        ]
        if bindings:
            found[container["Config"]["Labels"][SERVICE]] = bindings
    return found


def assert_no_secret(stack: Clone, text: str, what: str) -> None:
    known = stack.secrets()
    assert len(known) >= 8
    assert not [secret for secret in known if secret in text], f"a secret is in {what}"


def test_only_the_gateway_publishes_a_port_and_only_on_loopback(shared: Clone):
    assert published(shared) == {"gateway": [f"127.0.0.1:{shared.port}"]}


def test_no_secret_is_in_an_image_that_was_built(shared: Clone):
    for container in inspected(shared):
        image = container["Image"]
        assert_no_secret(shared, must("image", "inspect", image), container["Config"]["Image"])
        assert_no_secret(shared, must("history", "--no-trunc", image), container["Config"]["Image"])


def test_no_secret_is_in_a_rendered_file(shared: Clone):
    files = [file for folder in ("compose", ".slipway") for file in (shared.root / folder).rglob("*.yaml")]
    assert shared.root / ".slipway/local/compose/local.yaml" in files
    for file in files:
        assert_no_secret(shared, file.read_text(), file.name)


def test_no_secret_is_in_the_arguments_of_a_process(shared: Clone):
    for container in inspected(shared):
        assert_no_secret(shared, must("top", container["Id"], "-eo", "pid,args"), container["Name"])
        assert_no_secret(shared, json.dumps([container["Path"], container["Args"]]), container["Name"])


def test_no_secret_is_in_what_up_and_status_and_logs_print(own: Clone):
    must("rm", "--force", own.id("redis"))
    for words in (("up", "--json"), ("up",), ("status", "--json"), ("logs",), ("plan", "--json")):
        assert_no_secret(own, own.succeed(*words), " ".join(words))


# What each verb is typed with, and how it ends; those that fail tell of it, too.
TYPED = {
    "doctor": None,
    "history --json": 0,
    "db.status --json": 0,
    "db.drift": 0,
    "db.rehearse": 0,
    "db.migrate": 5,
    "backup --json": 0,
    "backups.list --json": 0,
    "backups.verify latest": 0,
    "restore latest": 2,
    "deploy --json": 5,
    "smoke --json": 0,
    "render --check": None,
    "up --on elsewhere": 2,
}


def test_no_secret_is_in_what_any_verb_prints_or_leaves_in_a_volume(own: Clone):
    migration = own.root / "migrations" / "910_fails.up.sql"
    for typed, code in TYPED.items():
        if code == 5:
            migration.write_text("SELECT current_setting('no.such');\n")
        done = own.invoke(*typed.split())
        migration.unlink(missing_ok=True)
        assert code in (None, done.code), done.text
        assert_no_secret(own, done.text, typed)
    prefix = f"{own.project}-local_"
    volumes = [name for name in must("volume", "ls", "--quiet").split() if name.startswith(prefix)]
    assert {name.removeprefix(prefix) for name in volumes} >= {"postgres", "redis", "objects", "ops", "gateway_run"}
    mounts = [word for name in volumes for word in ("--volume", f"{name}:/v/{name}:ro")]
    image = json.loads(must("inspect", own.id("ops")))[0]["Config"]["Image"]
    # At rest: a server that runs removes files of its own under grep's hands, and keeps in memory what it writes last.
    own.succeed("down")
    argv = ["docker", "run", "--rm", "--interactive", "--user", "0", *mounts, "--entrypoint", "grep", image]
    grep = [*argv, "-rlaF", "--file=-", "/v"]
    found = subprocess.run(grep, input="\n".join(own.secrets()), text=True, capture_output=True, timeout=60)
    own.assert_right()
    assert (found.returncode, found.stdout, found.stderr) == (1, "", "")


def test_every_container_is_hardened_and_bounded(shared: Clone):
    for container in inspected(shared):
        host, name = container["HostConfig"], container["Name"]
        assert host["CapDrop"] == ["ALL"] and not host["Privileged"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert host["Memory"] > 0 and host["PidsLimit"] > 0 and host["Init"], name
        assert host["MemorySwap"] == host["Memory"] and host["ReadonlyRootfs"], name
        assert all("size=" in options for options in host["Tmpfs"].values()), name
        assert host["RestartPolicy"]["Name"] == "always", name
        assert host["LogConfig"]["Config"]["max-size"], name
        assert not [mount for mount in container["Mounts"] if "docker.sock" in mount["Source"]], name


# Of who works with secrets, and in whose image: none may be an account of the host.
OURS = {"app": 10001, "objects": 10002, "ops": 10003, "gateway": 10004}


def test_processes_of_our_images_are_nobody_on_the_host(shared: Clone):
    for service, account in OURS.items():
        rows = must("top", shared.ids()[service][0], "-eo", "pid,uid,args").splitlines()[1:]
        assert {int(row.split()[1]) for row in rows} == {account}, service


FORMER = {"ops": 999, "gateway_run": 999, "backups": 999, "objects": 1000, "gateway_data": 0, "gateway_config": 0}


@pytest.mark.campaign
def test_volumes_that_former_accounts_own_go_on(own: Clone):
    """As a stack has them that was made when ops was 999, objects 1000 and the gateway root."""
    taken = json.loads(own.succeed("backup", "--json").splitlines()[-1])["id"]
    image, stack = must("inspect", "--format", "{{.Image}}", own.id("ops")).strip(), f"{own.project}-local"
    own.succeed("down")
    for name, account in FORMER.items():
        volume = f"{stack}-backups" if name == "backups" else f"{stack}_{name}"
        script = f"find /v -exec chown -h {account}:{account} {{}} + && chmod -R go-rwx /v"
        must("run", "--rm", "--user", "0", "--volume", f"{volume}:/v", image, "sh", "-c", script)
    own.assert_right()
    kept = json.loads(own.succeed("backups.list", "--json").splitlines()[-1])["backups"]
    assert taken in {each["id"] for each in kept}


def test_stores_cannot_reach_the_internet_and_the_gateway_cannot_reach_the_stores(shared: Clone):
    name = f"{shared.project}-local_data"
    network = json.loads(must("network", "inspect", name))[0]
    assert network["Internal"]
    joined = {
        container["Config"]["Labels"][SERVICE]: set(container["NetworkSettings"]["Networks"])
        for container in inspected(shared)
    }
    assert {service for service, networks in joined.items() if networks == {name}} == {
        "postgres",
        "redis",
        "objects",
        "ops",
    }
    assert name not in joined["gateway"]


KNOCK = """
import socket, sys
try:
    socket.create_connection(("gateway", int(sys.argv[1])), timeout=10)
    print("open")
except ConnectionRefusedError:
    print("refused")
"""


def test_the_gateways_admin_side_is_a_socket_that_the_app_has_no_way_to(shared: Clone):
    with_socket = {
        container["Config"]["Labels"][SERVICE]
        for container in inspected(shared)
        if any(mount["Destination"] == "/run/gateway" for mount in container["Mounts"])
    }
    assert with_socket == {"gateway", "ops"}
    app = shared.ids()["app"][0]
    # Caddy's own default port, and as a proof that the question can be answered otherwise the one that it serves.
    knocked = [must("exec", app, "python3", "-c", KNOCK, port) for port in ("2019", "80")]
    assert knocked == ["refused", "open"]


def test_an_exposed_postgres_is_on_loopback_only_and_takes_the_password_there(own: Clone):
    import psycopg

    address = f"127.0.0.1:{free_port()}"
    own.settle(POSTGRES_EXPOSE=address)
    own.assert_right()
    assert published(own) == {"gateway": [f"127.0.0.1:{own.port}"], "postgres": [address]}
    password = own.setting("POSTGRES_READONLY_PASSWORD")
    with psycopg.connect(f"postgresql://slipway_readonly:{password}@{address}/slipway") as conn:
        assert conn.execute("SELECT current_user").fetchone() == ("slipway_readonly",)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql://slipway_readonly:wrong@{address}/slipway")
    own.forget("POSTGRES_EXPOSE")
    own.assert_right()
    assert set(published(own)) == {"gateway"}
