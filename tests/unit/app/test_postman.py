"""The Postman collection in the repository is the one that the backend's OpenAPI document makes."""

from __future__ import annotations

from pathlib import Path

import postman
from backend.main import described

KEPT = Path(__file__).parents[2] / "smoke" / "postman_collection.json"


def test_the_collection_is_made_from_the_document() -> None:
    mend = "(cd app && ../.venv/bin/python postman.py > ../tests/smoke/postman_collection.json)"
    assert KEPT.read_text() == postman.text(), mend


def test_every_operation_is_called() -> None:
    document = described().openapi()
    known = {each["operationId"] for methods in document["paths"].values() for each in methods.values()}
    called = {call.operation for calls in postman.FLOW.values() for call in calls}
    # These end what the rest of the collection needs, or are what a load balancer asks.
    assert known - called == {"index", "log_out", "log_out_everywhere", "end_session", "change_password"} | {
        "gotrue_signup",
        "gotrue_health",
    }
