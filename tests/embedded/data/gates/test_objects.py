"""The gate of the object store against a real one."""

from __future__ import annotations

import pytest

from slipway.errors import GateError
from tests.support import services
from tests.support.gating import gate


def test_objects_gate_opens_before_any_bucket_exists_and_uses_one_when_it_does(object_env: dict[str, str]) -> None:
    assert gate("gate.objects", object_env)["bucket"] == ""
    gate("buckets", object_env)
    assert gate("gate.objects", object_env)["bucket"] == object_env["S3_BUCKETS"].split(",")[0]


def test_objects_gate_leaves_no_object(object_env: dict[str, str], s3_client) -> None:
    gate("buckets", object_env)
    gate("gate.objects", object_env)
    assert "Contents" not in s3_client.list_objects_v2(Bucket=object_env["S3_BUCKETS"].split(",")[0])


def test_objects_gate_fails_at_once_with_a_wrong_secret(object_env: dict[str, str]) -> None:
    with pytest.raises(GateError) as caught:
        gate("gate.objects", object_env | {"S3_SECRET_KEY": "not-the-secret", "GATE_TIMEOUT": "3000"})
    assert "SignatureDoesNotMatch" in caught.value.found and "not-the-secret" not in str(caught.value.fields())


def test_objects_gate_says_what_it_last_saw_when_nothing_comes(object_env: dict[str, str]) -> None:
    with pytest.raises(GateError) as caught:
        gate(
            "gate.objects",
            object_env | {"S3_ENDPOINT": f"http://127.0.0.1:{services.free_port()}", "GATE_TIMEOUT": "0.5"},
        )
    assert "Could not connect" in caught.value.found
