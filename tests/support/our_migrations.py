"""The migrations of the reference backend, as tests count them."""

from __future__ import annotations

from pathlib import Path

FILES = sorted((Path(__file__).parents[2] / "migrations").glob("*.up.sql"))
NEWEST = int(FILES[-1].name[:3])
