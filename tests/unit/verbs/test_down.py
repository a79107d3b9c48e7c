"""What `down --volumes` says of the archive of changes: it may lie in the object store that goes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slipway.verbs import down


@pytest.mark.parametrize(
    ("pitr", "store", "second", "said"),
    [
        (False, "", "", ""),
        (True, "", "", "; its archive of changes goes with the object store"),
        (True, "https://s3.example.org", "", ""),
        (
            True,
            "",
            "https://s3.example.org",
            "; its archive of changes goes with the object store, the second one stays",
        ),
    ],
)
def test_an_archive_that_goes_with_the_data_is_named(pitr, store, second, said):
    settings = SimpleNamespace(pitr=pitr, s3_endpoint=store, pitr_repo2_endpoint=second)
    assert down.archive(SimpleNamespace(settings=settings)) == said
