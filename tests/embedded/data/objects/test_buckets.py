"""Buckets and the canary against a real S3 server (rclone), whose dangers it must find."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slipway.errors import GateError
from slipway.ops import verbs


def buckets(env: dict[str, str], args: dict | None = None, **more: str) -> dict:
    return verbs.run("buckets", args or {}, {**env, **more}, lambda event: None)


def names(client) -> set[str]:
    return {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}


def test_buckets_are_made_once_and_the_canary_runs_once(object_env: dict[str, str], s3_client) -> None:
    wanted = object_env["S3_BUCKETS"].split(",")
    first, second = buckets(object_env), buckets(object_env)
    assert first["created"] == wanted and first["canary"] == "run" and set(wanted) <= names(s3_client)
    assert second["created"] == [] and second["canary"] == "kept" and second["features"] == first["features"]


def test_the_canary_finds_what_rclone_destroys_and_lacks(object_env: dict[str, str]) -> None:
    found = buckets(object_env)["features"]
    for name in ("tagging", "acl"):
        assert not found[name]["ok"] and found[name]["reason"].startswith("dangerous: ")
        assert "overwrites its content" in found[name]["reason"]
    assert [name for name in found if found[name]["ok"]] == [
        "put",
        "get",
        "head",
        "list",
        "multipart",
        "presign",
        "copy",
        "delete",
        "delete_many",
    ]
    assert all(found[name]["reason"] for name in found if not found[name]["ok"])


def test_the_canary_leaves_nothing_behind(object_env: dict[str, str], s3_client) -> None:
    before = names(s3_client)
    buckets(object_env)
    assert names(s3_client) == before | set(object_env["S3_BUCKETS"].split(","))


def test_the_findings_are_recorded_and_asked_for_again(object_env: dict[str, str]) -> None:
    found = buckets(object_env)
    record = json.loads((Path(object_env["STATE_DIR"]) / "objects.json").read_text())
    assert record["provider"] == "rclone" and record["features"] == found["features"]
    assert buckets(object_env, {"canary": True})["canary"] == "run"
    assert buckets(object_env, S3_PROVIDER="external")["canary"] == "run"


@pytest.mark.parametrize("feature", ["versioning", "tagging", "conditional_put", "metadata"])
def test_a_required_feature_that_is_lacking_is_refused(object_env: dict[str, str], feature: str) -> None:
    for _ in ("when tried", "when remembered"):
        with pytest.raises(GateError) as caught:
            buckets(object_env, S3_REQUIRE=f"multipart,{feature}")
        assert f"lacks {feature}: " in caught.value.found and "S3_PROVIDER to one of minio" in caught.value.next


def test_required_features_that_exist_are_fine(object_env: dict[str, str]) -> None:
    assert buckets(object_env, S3_REQUIRE="multipart, presign, copy")["created"]


def test_a_bucket_name_that_s3_forbids_is_one_sentence(object_env: dict[str, str]) -> None:
    with pytest.raises(GateError) as caught:
        buckets(object_env, S3_BUCKETS="Not_A_Bucket!")
    assert caught.value.where == "bucket Not_A_Bucket!" and caught.value.found


def test_a_key_of_the_apps_own_is_tried_in_every_bucket_and_refused_where_it_does_not_fit(object_env) -> None:
    given = {"S3_APP_ACCESS_KEY": object_env["S3_ACCESS_KEY"], "S3_APP_SECRET_KEY": object_env["S3_SECRET_KEY"]}
    assert buckets(object_env, **given)["created"]
    with pytest.raises(GateError) as caught:
        buckets(object_env, **given | {"S3_APP_SECRET_KEY": "5ecreT-of-another-key"})
    assert "S3_APP_ACCESS_KEY" in caught.value.where and "5ecreT" not in str(caught.value)
