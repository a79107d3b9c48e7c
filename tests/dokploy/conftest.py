"""Dokploy's packages, installed once and asked by every file of tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import npm
from tests.support.dokploy.oracle import HERE, Oracle


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    asked = Oracle(npm.install(HERE, "dokploy-oracle"))
    yield asked
    asked.end()
