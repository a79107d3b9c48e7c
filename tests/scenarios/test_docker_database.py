"""The verbs of `db` through the ops container, as an operator types them."""

from __future__ import annotations

import pytest

from tests.support import db_verbs
from tests.support.clone import Clone

pytestmark = pytest.mark.scenario


def test_the_verbs_of_db_do_in_ops_what_they_do_elsewhere(own: Clone):
    def invoke(*words: str, **env: str) -> tuple[int, str]:
        done = own.invoke(*words, **env)
        return done.code, done.text

    db_verbs.walk(own.root, invoke, own.sql)
    own.assert_right()
