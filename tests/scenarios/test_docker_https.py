"""A domain over HTTPS: a certificate by itself, kept through deploys and a killed gateway. Caddy's own authority signs it,
as for every name that only an internal network knows; the commands see a hosts file of their own."""

from __future__ import annotations

import http.client
import socket
import ssl
from pathlib import Path

import pytest

from tests.support.clone import Clone, assert_refused, free_port
from tests.support.containers import docker, must
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

NAME = "shop.internal"
AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"


def named(folder: Path) -> tuple[str, ...]:
    """What to put before a command so that it, and nobody else, finds the name on this machine."""
    hosts = folder / "hosts"
    hosts.write_text(f"127.0.0.1 localhost {NAME}\n")
    return ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts))


def trusted(clone: Clone, root: Path) -> bool:
    """Whether the gateway has made its authority; its certificate is then in the file."""
    found = docker("exec", f"{clone.project}-local-gateway-1", "cat", AUTHORITY)
    root.write_text(found.stdout)
    return found.returncode == 0 and "END CERTIFICATE" in found.stdout


def ask(port: int, root: Path, path: str) -> tuple[int, bytes]:
    """The status of an answer over HTTPS, and the certificate that was shown and is trusted."""
    context = ssl.create_default_context(cafile=str(root))
    with (
        socket.create_connection(("127.0.0.1", port), 10) as plain,
        context.wrap_socket(plain, server_hostname=NAME) as safe,
    ):
        safe.sendall(f"GET {path} HTTP/1.1\r\nHost: {NAME}:{port}\r\nConnection: close\r\n\r\n".encode())
        answer = http.client.HTTPResponse(safe)
        answer.begin()
        return answer.status, safe.getpeercert(binary_form=True)


def test_a_domain_has_its_certificate_and_keeps_it_through_a_deploy_and_a_killed_gateway(fresh: Clone, tmp_path: Path):
    root, port = tmp_path / "root.crt", free_port()
    fresh.settle(DOMAIN=NAME, HTTPS_PORT=str(port))
    seen = {"prefix": named(tmp_path), "SSL_CERT_FILE": str(root)}
    run = fresh.begin("up", **seen)
    until(lambda: trusted(fresh, root), "the gateway has made its authority")
    assert run.done().code == 0
    status, certificate = ask(port, root, "/health")
    assert status == 200

    plain = http.client.HTTPConnection("127.0.0.1", fresh.port, timeout=10)
    plain.request("GET", "/health", headers={"Host": NAME})
    moved = plain.getresponse()
    plain.close()
    assert moved.status == 308 and moved.getheader("Location") == f"https://{NAME}:{port}/health"

    before, gateway = fresh.ids()["app"], fresh.id("gateway")
    fresh.settle(APP_ENV_NAME="another")
    fresh.succeed("deploy", **seen)
    fresh.succeed("smoke", **seen)
    assert fresh.ids()["app"] != before and fresh.id("gateway") == gateway
    assert ask(port, root, "/health") == (200, certificate)

    must("kill", gateway)
    fresh.succeed("up", **seen)
    assert ask(port, root, "/health") == (200, certificate)


def test_a_domain_that_leads_elsewhere_is_named_with_what_to_look_at(fresh: Clone, tmp_path: Path):
    fresh.settle(DOMAIN="nowhere.internal", HTTPS_PORT=str(free_port()), GATE_TIMEOUT="5")
    assert_refused(
        fresh.invoke("up", prefix=named(tmp_path)),
        6,
        "https://nowhere.internal",
        "nowhere.internal leads to this server",
    )
