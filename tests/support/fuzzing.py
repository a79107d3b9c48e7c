"""Random inputs by the thousand: the same ones in each run of CI, others and many more with CAMPAIGN=long."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from slipway.errors import SlipwayError
from tests.support.campaign import LONG, sized

INPUTS = sized(2_000, 200_000)


def fuzz(inputs: int = INPUTS) -> settings:
    """How a test of random inputs runs. A failure of a long campaign prints how to meet it again."""
    return settings(
        max_examples=inputs,
        derandomize=not LONG,
        database=None,
        deadline=None,
        print_blob=True,
        suppress_health_check=list(HealthCheck),
    )


def assert_clear(error: SlipwayError, *secrets: str) -> None:
    """Where, what was found, what is expected and what to type next: a line each, and no secret in any."""
    fields = error.fields()
    for name in ("where", "found", "expected", "next"):
        told = fields[name]
        assert told and told.strip(), f"{name} says nothing: {fields}"
        assert len(told.splitlines()) == 1, f"{name} is more than a line: {told!r}"
        assert len(told) < 1000, f"{name} has {len(told)} characters"
        assert not any(secret in told for secret in secrets), f"{name} tells a secret: {told}"
