"""Whatever a server answers is data of the shape that is expected, or told to be none: never a traceback."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.engine.dokploy.api import answers, meanings, readback
from slipway.engine.dokploy.api.failures import DokployError, NotDokploy, Stripped
from slipway.system.redact import Masker

NAMES = st.sampled_from(
    "projectId name environmentId composeId appName composeStatus mounts type mountId deploymentId title status createdAt "
    "data state id scheduleId cronExpression command enabled containerId State Config Labels Health RestartCount message "
    "code zodError fieldErrors".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=8),
    max_leaves=12,
)
PARSERS = {
    "project": answers.project,
    "environment": answers.environment,
    "service": lambda row, procedure: answers.service(row, "e", procedure),
    "stored": answers.stored,
    "deployment": answers.deployment,
    "job": answers.job,
    "schedule": answers.schedule,
    "container": lambda row, procedure: answers.container(row, row, procedure),
    "rows": answers.rows,
}


@pytest.mark.parametrize("parser", PARSERS)
@given(JSON)
def test_an_answer_of_any_shape_is_taken_or_told_to_be_none(parser, value):
    try:
        PARSERS[parser](value, "a.b")
    except NotDokploy as error:
        assert error.found and error.next


@pytest.mark.parametrize("health", [None, [], ["Status"], "healthy", 1, {}, {"Status": None}])
def test_a_health_of_another_shape_is_none(health):
    config = {"State": {"Status": "running", "ExitCode": 0, "Health": health}, "Config": {"Labels": {}}}
    row = {"containerId": "c", "name": "n"}
    found = answers.container(row, config | {"RestartCount": 0, "Image": "sha256:0"}, "a.b")
    assert found.health == "none"


@given(st.integers(100, 599), JSON.map(json.dumps) | st.text(max_size=20), st.text(max_size=20), st.booleans())
def test_any_failure_has_an_error_with_all_its_parts(status, text, location, accepted):
    error = meanings.failure("a.b", status, text, location, Masker(), accepted)
    assert isinstance(error, DokployError) and all((error.where, error.found, error.expected, error.next))


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=6))
def test_no_secret_of_a_request_is_in_what_is_told_of_its_failure(secret):
    masker = meanings.secrets_in("the-api-key", {"env": f"A='{secret}'\nB=1", "name": "shop"})
    body = json.dumps({"message": f"<{secret}> the-api-key shop", "code": "BAD_REQUEST"})
    told = str(meanings.failure("a.b", 400, body, "", masker, True).fields())
    assert f"<{secret}>" not in told and "the-api-key" not in told and "shop" in told


VALUES = st.dictionaries(st.text(max_size=3), st.integers(0, 2) | st.text(max_size=3), max_size=4)


@given(VALUES, VALUES)
def test_reading_back_names_each_field_that_differs_and_no_other(wanted, kept):
    differing = sorted(name for name in wanted if kept.get(name, object()) != wanted[name])
    try:
        readback.check("a.b", wanted, kept, "0.30.2")
    except Stripped as error:
        assert sorted(error.fields_lost) == differing
    else:
        assert not differing
