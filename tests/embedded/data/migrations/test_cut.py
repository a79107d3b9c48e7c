"""A way to the server that is cut in the worst moments: at a file's COMMIT or before it, and at every message of a file without one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

import pytest

from slipway.errors import SlipwayError
from tests.support.migrating import failed, mirror, tables, versions
from tests.support.waiting import until


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
                    if self.before:
                        self.close()
                    else:  # the other pump closes, when it has the answer
                        source.shutdown(socket.SHUT_RDWR)  # the client hears nothing more
                        target.sendall(data)
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


# How a file is sent -> its text, what is said when the way is cut, and whether that is its COMMIT.
SENT = {
    "in one message": ("create table cut (id int); insert into cut values (271828);", b"'cut'", True),
    # RESET ALL makes the runner commit in a message of its own, after the file's.
    "COMMIT by itself": ("create table cut (id int); insert into cut values (271828); reset all;", b"'cut'", True),
    "the file before it": ("create table cut (id int); insert into cut values (271828); reset all;", b"271828", False),
    "COPY, at its COMMIT": ("create table cut (id int);\ncopy cut from stdin;\n271828\n\\.\n", b"'cut'", True),
    "COPY, in its data": ("create table cut (id int);\ncopy cut from stdin;\n271828\n\\.\n", b"271828\n", False),
    "COPY, its statement": ("create table cut (id int);\ncopy cut from stdin;\n271828\n\\.\n", b"copy cut from", False),
}
GONE = "select not exists (select from pg_stat_activity where application_name = 'slipway migrate')"


@pytest.mark.parametrize("before", [True, False], ids=["before it arrives", "before its answer"])
@pytest.mark.parametrize(("text", "said", "commits"), SENT.values(), ids=SENT)
def test_a_connection_that_is_cut_leaves_the_file_whole_or_absent(
    stack, text: str, said: bytes, commits: bool, before: bool
) -> None:
    stack.migration("1_good.sql", "create table good (id int);")
    stack.migration("2_cut.sql", text)
    relay = Relay(
        stack.postgres.port, lambda data: said in data and (not commits or b"slipway.history" in data), before
    )
    error = failed(
        stack, MIGRATE_DATABASE_URL=stack.role_url("migrate").replace(f":{stack.postgres.port}/", f":{relay.port}/")
    )
    whole = commits and not before
    if whole:
        until(lambda: versions(stack) == [1, 2], "the server has committed what it was sent")
    relay.close()
    assert error.where == "migrations/2_cut.sql" and "the server went away" in error.found
    assert ("whole and recorded, or not at all" if commits else "leaves nothing behind") in error.expected
    until(lambda: stack.value(GONE), "the session that was cut off has ended")
    assert (versions(stack), tables(stack)) == (([1, 2], ["cut", "good"]) if whole else ([1], ["good"]))
    assert mirror(stack) == [(versions(stack)[-1], False)]
    assert stack.run("migrate")["version"] == 2 and versions(stack) == [1, 2]
    assert stack.value("select array_agg(id) from cut") == [271828]


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
            stack.run(
                "migrate",
                GATE_TIMEOUT="20",
                MIGRATE_DATABASE_URL=stack.role_url("migrate").replace(f":{stack.postgres.port}/", f":{relay.port}/"),
            )
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
