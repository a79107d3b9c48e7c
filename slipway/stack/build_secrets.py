"""What an image build is told of this machine's package indexes, pip's and npm's, and of its CA bundle.

It is handed to a build as secrets, since an index URL may carry a password: no layer and no argument keeps them.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.stack import npm_secrets, pip_secrets


@contextmanager
def secrets() -> Iterator[dict[str, Path]]:
    """Files for BuildKit by secret id, `pip_conf`, `npmrc` and `ca`, readable by this user only and gone afterwards.

    An id is missing where the machine has nothing of its own to say: a build then works with defaults.
    """
    pip = pip_secrets.effective(pip_secrets.pip_config_list())
    found = {
        "pip_conf": pip_secrets.config_text(pip).encode(),
        "npmrc": npm_secrets.config_text(npm_secrets.user_file(os.environ), os.environ).encode(),
        "ca": pip_secrets.ca_bundle(pip, os.environ),
    }
    with tempfile.TemporaryDirectory(prefix="slipway-build-") as folder:
        yield {name: private(Path(folder, name), content) for name, content in found.items() if content}


def private(path: Path, content: bytes) -> Path:
    """The file that was made at `path` with this content, for its owner alone."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return path
