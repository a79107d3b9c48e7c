"""A way to the server that is cut in the worst moment: between a file's SQL and the answer to its COMMIT."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.embedded.data.migrating import failed, tables, versions


class Relay:
    """A way to the server that is cut when the client has said a certain thing."""

    def __init__(self, port: int, cut: Callable[[bytes], bool], before: bool) -> None:
        self.server_port, self.cut, self.before = port, cut, before
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.ends: list[socket.socket] = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.server_port))
            self.ends += [client, server]
            threading.Thread(target=self.pump, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self.pump, args=(server, client, False), daemon=True).start()

    def pump(self, source: socket.socket, target: socket.socket, forwards: bool) -> None:
        try:
            while data := source.recv(65536):
                if forwards and self.cut(data):
                    if not self.before:
                        source.shutdown(socket.SHUT_RDWR)       # the client hears nothing more
                        target.sendall(data)
                    self.close()
                    return
                target.sendall(data)
        except OSError:
            self.close()

    def close(self) -> None:
        self.listener.close()
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@pytest.mark.parametrize("before", [True, False], ids=["before it arrives", "before its answer"])
def test_a_connection_cut_at_the_commit_leaves_the_file_whole_or_absent(stack, before: bool) -> None:
    stack.migration("1_good.sql", "create table good (id int);")
    # RESET ALL makes the runner commit in a message of its own, after the file's.
    stack.migration("2_cut.sql", "create table cut (id int); reset all;")
    relay = Relay(stack.postgres.port, lambda data: b"INSERT INTO slipway.history" in data and b"'cut'" in data, before)
    error = failed(stack, MIGRATE_DATABASE_URL=stack.role_url("migrate").replace(
        f":{stack.postgres.port}/", f":{relay.port}/"))
    relay.close()
    assert error.where == "migrations/2_cut.sql" and "whole and recorded, or not at all" in error.expected
    done = stack.run("migrate")
    assert done["version"] == 2 and versions(stack) == [1, 2] and tables(stack) == ["cut", "good"]
