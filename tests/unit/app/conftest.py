"""Lets the tests import the backend, which is no package of this project's environment."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))
