"""Settings of the front door: where it is, who stands before it, and what a request may take."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from slipway.config.types import (
    Address,
    Body,
    Domain,
    Line,
    Port,
    Seconds,
    SecondsOrNone,
    TrustedProxies,
    setting,
)


class FrontDoor(BaseModel):
    domain: Domain = setting("", "Public host name; turns automatic HTTPS on. Empty: plain HTTP.")
    domain_tls: Literal["gateway", "proxy"] = setting(
        "gateway",
        "Who ends TLS for DOMAIN: the gateway, with a certificate that it gets by itself, or a proxy in front of it.",
    )
    http_port: Port | None = setting(None, "Port of the front door. Default: 8080 on local, 80 elsewhere.")
    http_bind: Address = setting(
        "",
        "Address of the machine that containers publish the front door on. Default: 127.0.0.1 on local, all elsewhere.",
    )
    https_port: Port = setting(443, "Port of the front door for HTTPS, where DOMAIN is set.")
    trusted_proxies: TrustedProxies = setting(
        (),
        "Proxies in front of the gateway whose word on a client's address and scheme is taken: addresses and networks, "
        "comma separated, or private. Empty: nobody's.",
    )

    @property
    def site(self) -> str:
        """The address that users type, where DOMAIN says it."""
        port = "" if self.https_port == 443 else f":{self.https_port}"
        return f"https://{self.domain}{port}" if self.domain else ""

    @property
    def ends_tls(self) -> bool:
        """Whether the gateway has a certificate of its own."""
        return bool(self.domain) and self.domain_tls == "gateway"

    @property
    def front_host(self) -> str:
        """Where this machine reaches its front door, if that is at one address alone; else nothing."""
        address = self.http_bind if self.http_bind not in ("", "0.0.0.0", "::", "127.0.0.1") else ""
        return f"[{address}]" if ":" in address else address


class Limits(BaseModel):
    header_timeout: Seconds = setting(10, "Seconds that a client may take to send the headers of a request.")
    body_timeout: SecondsOrNone = setting(
        3600, "Seconds that a client may take to send the body of a request: the longest upload; 0: no limit."
    )
    idle_timeout: Seconds = setting(
        300, "Seconds that a connection may rest between two requests: longer than a proxy in front keeps its own."
    )
    max_url: Line = setting("8KB", "Longest path with its query, such as 8KB; a longer one is answered with 414.")
    max_headers: Line = setting("32KB", "Most that the headers of a request may take; more is answered with 431.")
    max_body: Body = setting(
        "5GB", "Longest body of a request, such as 5GB; a longer one is answered with 413; 0: no limit."
    )
    hsts_seconds: int = Field(
        31536000,
        ge=0,
        le=63072000,
        description="Seconds for which browsers keep to HTTPS, where DOMAIN is set; 0 takes that back.",
    )
