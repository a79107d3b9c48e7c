"""An answer as scripts read it, and the hash of its bytes, which they do not."""

from __future__ import annotations

import hashlib

import requests


def describe_answer(answer: requests.Response, seconds: float) -> dict:
    return {
        "code": answer.status_code,
        "status": answer.reason or "",
        "headers": list(answer.headers.items()),
        "text": text(answer),
        "responseTime": round(seconds * 1000),
        "size": len(answer.content),
        "sha256": hashlib.sha256(answer.content).hexdigest(),
    }


def text(answer: requests.Response) -> str:
    """The body in the alphabet that it names, else in UTF-8; requests would guess one of 1999."""
    named = answer.encoding if "charset" in answer.headers.get("Content-Type", "") else None
    try:
        return answer.content.decode(named or "utf-8", "replace")
    except LookupError:
        return answer.content.decode("utf-8", "replace")
