"""A way to the server that is cut in the worst moments: at a file's COMMIT, and at every message of a file without one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from slipway.errors import SlipwayError
from tests.embedded.data.migrating import failed, mirror, tables, versions


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


PIECEMEAL = """-- slipway: no-transaction
create table a (id int);
insert into a values (1);
create index concurrently i on a (id);
insert into a values (2);
"""


@pytest.mark.parametrize("before", [True, False], ids=["before it arrives", "before its answer"])
def test_a_connection_cut_at_any_message_of_a_file_without_a_transaction_is_gone_on_from(stack, before: bool) -> None:
    """Each statement once, however often the way breaks: the n-th try is cut at its n-th message."""
    stack.migration("1_a.sql", PIECEMEAL)
    heard: list[str] = []
    for number in range(1, 60):
        said = iter(range(number))
        relay = Relay(stack.postgres.port, lambda data, said=said: next(said, None) is None, before)
        try:
            stack.run("migrate", GATE_TIMEOUT="20", MIGRATE_DATABASE_URL=stack.role_url("migrate").replace(
                f":{stack.postgres.port}/", f":{relay.port}/"))
            break
        except SlipwayError as error:
            heard.append(str(error))
            assert error.found and error.next
            mend_index(stack)
        finally:
            relay.close()
    assert len(heard) > 10 and versions(stack) == [1] and mirror(stack) == [(1, False)]
    assert stack.value("select array_agg(id order by id) from a") == [1, 2]
    assert stack.value("select indisvalid from pg_index where indexrelid = 'i'::regclass")


def mend_index(stack) -> None:
    """Drops what a CREATE INDEX CONCURRENTLY that was cut off left, as the runner tells its user to."""
    with stack.connect("admin") as conn:
        if conn.execute("select from pg_index where indexrelid = to_regclass('i') and not indisvalid").fetchone():
            conn.execute("drop index concurrently i")
