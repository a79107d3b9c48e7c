"""An engine behind ssh://: the command that goes there, and a socket of which each connection is an ssh of its own."""

from __future__ import annotations

import socket
import stat
from pathlib import Path

import pytest

from slipway.engine.docker import client
from slipway.engine.docker.tunnel import Tunnel, words
from slipway.errors import EngineError
from slipway.system import scratch
from tests.support.waiting import until

DIAL = ["docker", "system", "dial-stdio"]
# Says first that it is there, then sends back what it is sent, and at last that nothing more comes.
ECHO = "#!/bin/sh\nprintf 'here '\ncat\nprintf ' end'\n"
REFUSING = "#!/bin/sh\necho 'ada@shop.example.com: Permission denied (publickey).' >&2\nexit 255\n"


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("ssh://shop.example.com", ["--", "shop.example.com", *DIAL]),
        ("ssh://ada@shop.example.com", ["-l", "ada", "--", "shop.example.com", *DIAL]),
        ("ssh://ada@10.0.0.5:2222/", ["-l", "ada", "-p", "2222", "--", "10.0.0.5", *DIAL]),
        ("ssh://[2001:db8::1]:22", ["-p", "22", "--", "2001:db8::1", *DIAL]),
        (
            "ssh://shop/run/user/7/docker.sock",
            ["--", "shop", "docker", "--host", "unix:///run/user/7/docker.sock", *DIAL[1:]],
        ),
    ],
)
def test_the_command_is_that_of_the_address(host: str, told: list[str]):
    assert words(host) == ["ssh", "-T", "-o", "ConnectTimeout=30", *told]


@pytest.mark.parametrize(
    "host", ["ssh://", "ssh://ada@", "ssh://shop:port", "ssh://shop:99999", "ssh://ada:s3cret@shop", "ssh://[shop"]
)
def test_an_address_that_is_none_is_refused_and_not_repeated(host: str):
    with pytest.raises(EngineError) as caught:
        words(host)
    assert caught.value.where == "DOCKER_HOST" and "s3cret" not in str(caught.value.fields())


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Puts a program called ssh into the place of the one that is there."""
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")

    def put(text: str) -> None:
        (tmp_path / "ssh").write_text(text)
        (tmp_path / "ssh").chmod(0o755)

    yield put
    scratch.remove_all()


def talk(tunnel: Tunnel, text: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(tunnel.path))
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(100), b""))


def test_what_is_sent_gets_there_and_the_answer_comes_back_to_its_end(program):
    program(ECHO)
    tunnel = Tunnel("ssh://shop")
    assert [talk(tunnel, each) for each in (b"one", b"two")] == [b"here one end", b"here two end"]


def test_the_socket_is_for_its_owner_alone_and_goes_with_the_process(program):
    program(ECHO)
    tunnel = Tunnel("ssh://shop")
    folder = tunnel.path.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    scratch.remove_all()
    assert not folder.exists()


def test_what_ssh_says_is_kept(program):
    program(REFUSING)
    tunnel = Tunnel("ssh://shop")
    assert talk(tunnel, b"") == b""
    until(lambda: bool(tunnel.complaint()), "it has said something")
    assert tunnel.complaint() == "ada@shop.example.com: Permission denied (publickey)."


def test_an_engine_that_ssh_does_not_reach_is_told_in_the_words_of_ssh(program):
    program(REFUSING)
    with pytest.raises(EngineError) as caught:
        client.connect({"DOCKER_HOST": "ssh://ada@shop.example.com"})
    assert "no answer from ssh://ada@shop.example.com: ada@shop.example.com: Permission denied" in caught.value.found


def test_without_ssh_it_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError) as caught:
        client.connect({"DOCKER_HOST": "ssh://shop"})
    assert "ssh: No such file or directory" in caught.value.found
