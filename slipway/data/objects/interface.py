"""What can be asked of the object store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.data.verb import Verb


@dataclass(frozen=True)
class Establish:
    """Make the missing buckets; with `canary`, try out again what the store can do."""

    canary: bool = False


@dataclass(frozen=True)
class Feature:
    """Whether a store can do something, and why not."""

    ok: bool
    reason: str


@dataclass(frozen=True)
class Buckets:
    """The buckets that were made, and what the store can do, by name."""

    created: tuple[str, ...]
    features: Mapping[str, Feature]
    canary: str  # run or kept
    ms: float


BUCKETS = Verb("buckets", "slipway.data.objects.buckets:establish", Establish, Buckets)
