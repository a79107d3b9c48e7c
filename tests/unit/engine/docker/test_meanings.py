"""What the errors of Docker mean: told by the engine's own sentence."""

from __future__ import annotations

import pytest

from slipway.engine.docker import meanings
from slipway.errors import ENGINE_GONE, EngineError
from slipway.system import process

DAEMON = "Error response from daemon:"
RUNC = "failed to create task for container: OCI runtime create failed: unable to start container process:"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (
            "unable to get image 'a:1': Cannot connect to the Docker daemon at unix:///run/x.sock. Is the docker daemon running?",
            ENGINE_GONE[0],
        ),
        ("Cannot connect to the Docker daemon at tcp://127.0.0.1:2375: connection refused", ENGINE_GONE[0]),
        ('error during connect: Post "http://%2Frun%2Fx.sock/v1.51/containers/b5c9/start": EOF', ENGINE_GONE[0]),
        ("failed to connect to the docker API at unix:///run/x.sock; check if the daemon is running", ENGINE_GONE[0]),
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///run/x.sock",
            "permission denied",
        ),
        ("dial tcp 10.0.0.1:443: connect: connection refused", "the registry cannot be reached"),
        ("pull access denied for a, repository does not exist", "the image does not exist or is not yours to pull"),
        ("write /var/lib/docker/tmp/x: no space left on device", "the disk of the engine is full"),
        ("Bind for 0.0.0.0:80 failed: port is already allocated", "its port is taken"),
        (f'{DAEMON} {RUNC} exec: "gunicorn": executable file not found in $PATH', "the image has no program gunicorn"),
        (
            f'{DAEMON} {RUNC} exec: "/srv/run": stat /srv/run: no such file or directory',
            "the image has no program /srv/run",
        ),
        (f'{DAEMON} {RUNC} exec: "/etc/passwd": permission denied', "the image has no program /etc/passwd"),
        (f"{DAEMON} unable to find user www: no matching entries in passwd file", "the image has no user www"),
        (
            f"{DAEMON} manifest for shop/app:1 not found: manifest unknown",
            "the image does not exist or is not yours to pull",
        ),
        (
            "ERROR: failed to build: failed to solve: a:1: failed to resolve source metadata for docker.io/a:1: not found",
            "the image does not exist or is not yours to pull",
        ),
        (
            'ERROR: failed to build: failed to solve: process "/bin/sh -c npm ci" did not complete successfully: exit code: 1',
            "a command of its Dockerfile ended with exit code 1: /bin/sh -c npm ci",
        ),
        (
            'ERROR: failed to solve: failed to compute cache key: failed to calculate checksum of ref a::b: "/dist": not found',
            "there is no /dist that its Dockerfile copies",
        ),
        ("something new", "exit code 1"),
        ("ModuleNotFoundError: No module named 'backend' not found", "exit code 1"),
    ],
)
def test_what_docker_says_is_told_by_what_it_means(said, found):
    error = meanings.explain("docker compose up", process.Failed(["docker", "compose"], 1, [said]))
    assert error.found == found and said in error.log


@pytest.mark.parametrize(
    "printed", ["lookup db: no such host", "pull access denied", "address already in use", "x: not found"]
)
def test_what_a_build_or_a_service_has_printed_does_not_decide(printed):
    end = 'ERROR: failed to solve: process "/bin/sh -c make" did not complete successfully: exit code: 2'
    error = compose_error([f"#5 0.2 {printed}", f"   2 | >>> RUN {printed}", end])
    assert error.found == "a command of its Dockerfile ended with exit code 2: /bin/sh -c make" and len(error.log) == 3


def compose_error(lines: list[str]) -> EngineError:
    return meanings.explain("docker build", process.Failed(["docker", "build"], 1, lines))
