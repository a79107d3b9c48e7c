"""The digest that a tag stands for, asked of its registry (github.com/opencontainers/distribution-spec)."""

from __future__ import annotations

import hashlib
import re

from slipway.errors import EngineError

HUB = "registry-1.docker.io"
# An index first: it stands for every platform at once.
KINDS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
PATIENCE = 15  # seconds for each answer
MOST = 4 * 2**20  # bytes that a manifest may have: what registries take


def parts(reference: str) -> tuple[str, str, str]:
    """Host, repository and tag, as the docker command reads a name: what has no host is of Docker Hub."""
    name, _, tag = reference.rpartition(":") if ":" in reference.rsplit("/", 1)[-1] else (reference, "", "latest")
    host, slash, rest = name.partition("/")
    if slash and ("." in host or ":" in host or host == "localhost"):
        return host, rest, tag
    return HUB, name if slash else f"library/{name}", tag


def digest(reference: str) -> str:
    """The digest of a tag as its registry has it now. Raises EngineError where it does not say."""
    import requests

    host, repository, tag = parts(reference)
    url = f"{scheme(host)}://{host}/v2/{repository}/manifests/{tag}"
    try:
        with requests.Session() as session:
            session.headers["Accept"] = ", ".join(KINDS)
            answer = session.head(url, timeout=PATIENCE)
            if answer.status_code == 401:
                session.headers["Authorization"] = (
                    f"Bearer {token(session, answer.headers.get('WWW-Authenticate', ''))}"
                )
                answer = session.head(url, timeout=PATIENCE)
            if answer.ok and not answer.headers.get("Docker-Content-Digest"):
                answer = session.get(url, timeout=PATIENCE)
    except (requests.RequestException, ValueError) as error:
        raise unknown(reference, f"{host} does not answer: {type(error).__name__}") from None
    if not answer.ok:
        raise unknown(reference, f"{host} answers {answer.status_code}")
    found = answer.headers.get("Docker-Content-Digest") or f"sha256:{hashlib.sha256(answer.content).hexdigest()}"
    if not re.fullmatch(r"sha256:[0-9a-f]{64}", found):
        raise unknown(reference, f"{host} gives no digest of that form")
    return found


def token(session, challenge: str) -> str:
    """What anybody may pull with, as the registry's challenge says where to get it. Raises ValueError for another one."""
    asked = dict(CHALLENGE.findall(challenge))
    if not challenge.startswith("Bearer ") or "realm" not in asked:
        raise ValueError("no way to log in that is known")
    wanted = {key: asked[key] for key in ("service", "scope") if key in asked}
    found = session.get(asked["realm"], params=wanted, timeout=PATIENCE).json()
    return found.get("token") or found["access_token"]


def scheme(host: str) -> str:
    """Engines, too, take a registry on loopback without TLS."""
    return "http" if host.partition(":")[0] in ("localhost", "127.0.0.1") else "https"


def unknown(reference: str, found: str) -> EngineError:
    return EngineError(
        f"digest of {reference}",
        found,
        "a registry that says what the tag stands for",
        "try again where it can be reached (HTTPS_PROXY is followed); nothing was written",
    )
