"""kill -9 of each process, of all of them, and what a reboot leaves: the next `up` heals it and no row is lost."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import psutil
import pytest

from tests.support.waiting import until
from tests.support.working_copy import is_alive, kill

SERVICES = ("postgres", "redis", "objects", "app")


def postmasters(copy) -> list[psutil.Process]:
    """Servers on the copy's data directory, not their children."""
    data = copy.home / "postgres" / "data"
    servers = [process for process in copy.processes() if process.name() == "postgres" and Path(process.cwd()) == data]
    return [process for process in servers if process.ppid() not in {server.pid for server in servers}]


def healed(copy, title: str) -> None:
    """After the next `up` all services answer, each exists once, and the row is there."""
    copy.up()
    assert title in copy.titles() and len(postmasters(copy)) == 1
    pids = copy.pids
    assert all(is_alive(pid) for pid in pids.values())
    parents = {psutil.Process(pids[name]).ppid() for name in SERVICES}
    assert parents == {pids["supervisor"]}


@pytest.mark.parametrize("victim", [*SERVICES, "supervisor"])
def test_up_heals_what_kill_9_took_away(running, victim):
    title = f"written before {victim} was killed"
    running.write_row(title)
    kill(running.pids[victim])
    healed(running, title)


def test_down_after_the_supervisor_was_killed_leaves_no_orphan(running):
    running.write_row("written before the orphans")
    kill(running.pids["supervisor"])
    assert running.invoke("down").returncode == 0
    assert running.processes() == []
    healed(running, "written before the orphans")


def test_a_killed_supervisor_does_not_make_a_chosen_front_door_taken(running):
    """The app that was left holds HTTP_PORT itself."""
    port = running.url.rsplit(":", 1)[1]
    kill(running.pids["supervisor"])
    running.up(HTTP_PORT=port)
    assert running.url.endswith(f":{port}") and running.get("/ready")


def test_up_after_everything_died_at_once(running):
    running.write_row("written before the power cut")
    kill(*(process.pid for process in running.processes()))
    healed(running, "written before the power cut")


def test_up_after_a_reboot_that_gave_every_process_id_to_a_stranger(running):
    """This test's own process stands for the strangers: it lives, and works elsewhere."""
    running.write_row("written before the reboot")
    kill(*(process.pid for process in running.processes()))
    lock = running.home / "postgres" / "data" / "postmaster.pid"
    lines = lock.read_text().splitlines()
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    for path in [*running.home.glob("*/pid"), running.home / "supervisor.pid"]:
        path.write_text(str(os.getpid()))
    healed(running, "written before the reboot")


def test_a_server_that_still_works_keeps_its_lock(running):
    """With its supervisor dead and our own pid file lost, nothing may start a second server on the data."""
    kill(running.pids["supervisor"])
    server = running.pids["postgres"]
    (running.home / "postgres" / "pid").unlink()
    running.invoke("up")
    assert len(postmasters(running)) == 1
    for process in postmasters(running):
        kill(process.pid)
    until(lambda: not postmasters(running), "the server is gone")
    assert not is_alive(server)


def test_files_of_our_own_that_were_damaged_are_made_anew(running):
    running.write_row("written before the damage")
    running.invoke("down")
    ours = ("ports.json", "supervisor.conf", "redis/spec.json", "redis/fingerprint", "redis/pid", "supervisor.pid")
    for name in ours:
        (running.home / name).write_text("{ damaged")
    healed(running, "written before the damage")


def test_services_that_stay_run_on_under_the_supervisor_of_a_new_version(running):
    """Its configuration is another one, so it is replaced, and all that it ran ends with it."""
    running.write_row("written before the upgrade")
    source = running.root / "slipway/engine/embedded/supervisor.py"
    text, before = source.read_text(), running.pids
    assert "stopwaitsecs = {seconds}" in text
    source.write_text(text.replace("stopwaitsecs = {seconds}", "stopwaitsecs = {seconds + 1}"))
    try:
        assert "1 replaced, 3 kept" in running.up(REDIS_MEMORY="300MB")
        assert running.pids["supervisor"] != before["supervisor"]
        assert running.is_well() and "written before the upgrade" in running.titles()
    finally:
        source.write_text(text)
    healed(running, "written before the upgrade")


def test_a_stack_whose_checkout_was_deleted_ends_by_itself(fresh):
    fresh.up()
    left = [process.pid for process in fresh.processes()]
    assert set(fresh.pids.values()) <= set(left)
    until(lambda: remove(fresh.root), "the checkout is deleted")
    until(lambda: not any(map(is_alive, left)), "its processes have ended")
    fresh.root.mkdir()


def remove(folder: Path) -> bool:
    """Deletes a directory in which servers still write; whether all of it is gone."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()
