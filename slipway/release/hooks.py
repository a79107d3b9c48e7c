"""Programs of the team's own in hooks/, run at the turns of a deploy with the release record on standard input."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from slipway.config.credentials import secrets_of
from slipway.config.settings import Settings
from slipway.environment import Environment
from slipway.errors import GateError, SlipwayError
from slipway.plan import Level, Progress, Step
from slipway.release.change import Change
from slipway.release.record import Record
from slipway.system import inherited, process, redact

NAMES = ("pre-deploy", "post-migrate", "post-deploy", "on-failure", "on-rollback")
FOLDER = "hooks"
KEPT = (
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TERM",
    "TZ",
    "SSH_AUTH_SOCK",
    "XDG_RUNTIME_DIR",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
    "DOCKER_CONFIG",
    "DOCKER_TLS_VERIFY",
    "DOCKER_CERT_PATH",
    "CI",
    "SSL_CERT_FILE",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
)
TAIL = 20
DRAIN = 2.0  # seconds for the last lines of a hook that has ended


def step(env: Environment, change: Change, record: Record, name: str) -> Level:
    """The step that runs hooks/NAME; none where there is no such program, or the change makes no release."""
    settings = env.settings
    if not change.is_release or not (env.root / FOLDER / name).exists():
        return ()

    def work(progress: Progress) -> str:
        return run(name, record.content, env.root, environment(settings), settings.hook_timeout, progress.say)

    return (Step(f"hook {name}", f"{FOLDER}/{name}", work),)


def environment(settings: Settings | None) -> dict[str, str]:
    """What a hook sees: the machine's paths, the name of the stack, and the HOOK_ settings. No secret of a store.

    Where the settings cannot be read, the paths alone.
    """
    kept = inherited.pick(KEPT)
    if settings is None:
        return kept
    return kept | {
        "SLIPWAY_STACK": settings.stack,
        "SLIPWAY_ENVIRONMENT": settings.environment,
        "HOOK_URL": secrets_of(settings).get("HOOK_URL", ""),
        "HOOK_FORMAT": settings.hook_format,
        "HOOK_CHAT": settings.hook_chat,
    }


def run(
    name: str,
    record: Mapping,
    root: Path,
    env: Mapping[str, str],
    timeout: float = 60.0,
    say: Callable[[str], None] = lambda line: None,
) -> str:
    """Runs hooks/NAME, if there is one, and returns how it went; an empty text where there is none.

    `record` goes to its standard input as JSON, each line of its output to `say`; `timeout` is seconds. Raises
    GateError with its last lines if it cannot be run, fails, or takes too long.
    """
    path = root / FOLDER / name
    if not path.exists() and not path.is_symlink():
        return ""
    # Before the hook begins: what cannot be written must not leave one that waits for it.
    text = json.dumps(redact.mask_data(json.loads(json.dumps(record, default=str))), ensure_ascii=False)
    begun = time.monotonic()
    tail: deque[str] = deque(maxlen=TAIL)
    webhook = mask_webhook(env)

    def note_line(line: str) -> None:
        tail.append(webhook.text(line))
        say(tail[-1][:120])

    child = start_hook(path, root, dict(env) | {"SLIPWAY_HOOK": name})
    code, late = follow_hook(child, text, timeout, note_line)
    refuse_failure(path, code, late, timeout, tuple(tail))
    return f"hooks/{name} ran in {time.monotonic() - begun:.1f} s"


def attempt(
    name: str,
    record: Mapping,
    root: Path,
    env: Mapping[str, str],
    timeout: float = 60.0,
    say: Callable[[str], None] = lambda line: None,
) -> str:
    """The same for hooks that may not decide anything: a failure is told in the text that is returned. Never raises."""
    try:
        return run(name, record, root, env, timeout, say)
    except SlipwayError as error:
        last = f" ({error.log[-1]})" if error.log else ""
        return f"{error.where}: {error.found}{last}"
    except Exception as error:
        # Whatever it is, the first error is what people have to hear of.
        return f"hooks/{name}: {type(error).__name__}: {mask_webhook(env).text(str(error))}"


def follow_hook(child: subprocess.Popen, text: str, timeout: float, told: Callable[[str], None]) -> tuple[int, bool]:
    """Feeds a hook and follows it to its end; its exit code, and whether it was ended because it took too long."""
    late = threading.Event()
    timer = threading.Timer(timeout, lambda: (late.set(), kill_group(child)))
    # A thread reads: what a hook leaves in the background may hold its output open long after it has ended.
    reader = threading.Thread(target=lambda: [told(line.rstrip("\n")) for line in child.stdout], daemon=True)
    timer.start()
    reader.start()
    try:
        process.feed(child, text)
        # The hook stays unreaped until its group is gone, so that the group's number is nobody else's yet.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    finally:
        timer.cancel()
        kill_group(child)
        code = child.wait()
        reader.join(DRAIN)
        process.end(child)
    return code, late.is_set()


def kill_group(child: subprocess.Popen) -> None:
    """Ends what is left of a hook: in the background it would go on with a record that is no longer true."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)


def start_hook(path: Path, root: Path, env: Mapping[str, str]) -> subprocess.Popen:
    """Starts the program in a process group of its own, standing in the root of the repository."""
    if not path.is_file() or not os.access(path, os.X_OK):
        raise GateError(
            f"hooks/{path.name}",
            "it is not a program that may be run",
            "an executable file",
            f"chmod +x hooks/{path.name}",
        )
    try:
        return process.start([str(path)], env, root, subprocess.PIPE)
    except (SlipwayError, OSError) as error:
        found = error.found if isinstance(error, SlipwayError) else error.strerror or str(error)
        raise GateError(
            f"hooks/{path.name}",
            found,
            "a program that starts: its first line must name an interpreter that exists",
            f"head -1 hooks/{path.name}",
        ) from None


def refuse_failure(path: Path, code: int, late: bool, timeout: float, tail: tuple[str, ...]) -> None:
    if late:
        raise GateError(
            f"hooks/{path.name}",
            f"no end within {timeout:g} s",
            "an end in time, or a higher HOOK_TIMEOUT",
            f"edit hooks/{path.name}",
            tail,
        )
    if code:
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        raise GateError(f"hooks/{path.name}", how, "exit code 0", f"edit hooks/{path.name}", tail)


def mask_webhook(env: Mapping[str, str]) -> redact.Masker:
    """Hides the webhook's address: whoever has it can post. Known where the settings are not."""
    return redact.Masker([env.get("HOOK_URL", "")])
