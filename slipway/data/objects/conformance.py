"""Tries out an object store on scratch objects, by result and not by status: some stores say 200 and do otherwise."""

from __future__ import annotations

from collections.abc import Callable

from slipway.data.endpoints import Endpoints
from slipway.data.objects import bucket_checks, features, object_checks, scratch
from slipway.data.objects import client as objects
from slipway.data.objects.scratch import Scratch, Unsupported

VERSION = 1


def session():
    """An HTTP session that goes straight to the store, past any proxy of the environment."""
    import requests

    made = requests.Session()
    made.trust_env = False
    return made


def run(client, ends: Endpoints, tell: Callable[[str, int, int], None]) -> dict[str, dict]:
    """{feature: {"ok": bool, "reason": text}}; whatever was made in the store is removed again."""
    checks = object_checks.CHECKS | bucket_checks.CHECKS
    scratch.sweep(client)
    with session() as http:
        place = scratch.open_scratch(client, http, ends)
        found: dict[str, dict] = {}
        try:
            for index, (name, check) in enumerate(checks.items(), 1):
                found[name] = attempt(place, check, name in bucket_checks.CHECKS)
                if lack := features.KNOWN_LACKS.get((ends.s3_provider, name)):
                    found[name] = {"ok": False, "reason": lack}
                tell(f"{name} {'ok' if found[name]['ok'] else 'absent'}", index, len(checks))
        finally:
            scratch.close_scratch(place)
    return found


def attempt(place: Scratch, check: Callable[[Scratch], None], changes_bucket: bool) -> dict:
    """One check as its finding."""
    from botocore.exceptions import BotoCoreError, ClientError
    from requests import RequestException

    if changes_bucket and not place.own:
        return {"ok": False, "reason": "not tried: these keys may not make a scratch bucket"}
    try:
        check(place)
    except Unsupported as finding:
        return {"ok": False, "reason": str(finding)}
    except (BotoCoreError, ClientError, RequestException, KeyError, ValueError) as error:
        return {"ok": False, "reason": objects.reason(error)}
    return {"ok": True, "reason": ""}
