"""Where a file may be fetched from, and whether the token goes along: the guard of file downloads.

In: an address from a record, or a redirect. Out: a `Destination`, or the error that refuses it. Pure. What Procore says:
send the token to files on its own hosts, expect a redirect to a cloud store, send no token there, rely on no host name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urljoin, urlsplit

from procore_nb.environments import Environment, is_loopback, is_own_host, same_origin
from procore_nb.errors import ArgumentError, RequestError

_FORBIDDEN = re.compile(r"[\x00-\x20\x7f-\x9f\\]")  # two libraries may read these in two ways
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*(:\d{1,5})?", re.ASCII)
_READ_ALIKE = re.compile(
    r"[a-z0-9_.-]+|[0-9a-f:.]+(%[a-z0-9_.-]+)?", re.ASCII
)  # hosts that all libraries read as written
# Not of the public internet either, whatever the version of Python says: metadata of a cloud (RFC 6890), IPv4 inside IPv6.
_NOT_PUBLIC = tuple(map(ip_network, ("192.0.0.0/24", "::/96", "64:ff9b:1::/48")))
_NAT64 = ip_network("64:ff9b::/96")  # how an IPv6-only network writes IPv4 addresses (RFC 6052)


@dataclass(frozen=True)
class Destination:
    """One request for a file: its address, whether the token goes along, whether Procore's rate limit counts it."""

    url: str
    with_token: bool
    limited: bool
    trusted: bool
    """Whether it follows from an address at the environment's own hosts, which may redirect to a store anywhere."""

    @property
    def host(self) -> str:
        """The host, for messages."""
        return urlsplit(self.url).hostname or ""


@dataclass(frozen=True)
class FileGuard:
    """Decides for one environment; `allow_hosts` are further hosts that records may point to, `*.` before all below."""

    environment: Environment
    allow_hosts: tuple[str, ...] = ()

    def first(self, address: str) -> Destination:
        """Return where the address in a record leads, or raise: no address, not https, or a host that is not allowed."""
        if address.startswith("/") and not address.startswith("//"):
            address = self.environment.api_url + address
        self._check(address)
        if is_own_host(self.environment, address):
            return Destination(address, True, same_origin(address, self.environment.api_url), True)
        if not self._is_allowed(address):
            host = urlsplit(address).netloc.lower()
            raise RequestError(
                f"The address is at {host[:100]}, which is no host of the environment {self.environment.name}; nothing was "
                "sent there.",
                advice=f'If that host is right: procore.download(…, allow_hosts=["{host[:100]}"]) fetches without token.',
            )
        return Destination(address, False, False, False)

    def redirected(self, from_: Destination, location: str) -> Destination:
        """Return where a redirect leads: the token stays within its origin, a foreign host on itself and on allowed ones."""
        address = redirect_target(from_.url, location)
        self._check(address)
        same = same_origin(from_.url, address)
        if not (same or from_.trusted or self._is_allowed(address)):
            raise RequestError(
                f"{urlsplit(from_.url).hostname} redirects to {(urlsplit(address).hostname or '')[:100]}, which is not "
                "among allow_hosts."
            )
        return Destination(
            address, from_.with_token and same, same_origin(address, self.environment.api_url), from_.trusted
        )

    def _is_allowed(self, address: str) -> bool:
        parts = urlsplit(address)
        host, netloc = (parts.hostname or "").lower(), parts.netloc.lower()
        return any(
            host.endswith(one[1:]) if one.startswith("*.") else one in ((netloc,) if ":" in one else (host,))
            for one in self.allow_hosts
        )

    def _check(self, address: str) -> None:
        """Refuse what is no plain https address of a host outside."""
        try:
            parts = urlsplit(address)
            host, _ = parts.hostname or "", parts.port
        except ValueError:
            host = ""
        if not _READ_ALIKE.fullmatch(host) or _FORBIDDEN.search(address) or "@" in parts.netloc:
            raise RequestError("The record's address is no address of a file.")
        at_home = is_loopback(self.environment.api_url) and is_loopback(address)
        if parts.scheme != "https" and not (parts.scheme == "http" and at_home):
            raise RequestError(f"The address at {host[:100]} is not https; nothing was sent there.")
        if not (at_home or same_origin(address, self.environment.api_url)) and (
            re.search(r"(^|\.)localhost\.?$", host) or is_private(host)
        ):
            raise RequestError(
                f"The address at {host[:100]} is one of a private network; nothing was sent there."
            )


def redirect_target(address: str, location: str) -> str:
    """Return where a redirect leads; a location that is no address is returned as it is, and refused."""
    try:
        return urljoin(address, location)
    except ValueError:
        return location


def is_private(address: str) -> bool:
    """Return whether a numeric address is not one of the public internet; a name is not numeric."""
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        # 127.1, 0x7f000001 and 2130706433 are numbers to the operating system: no name ends like that.
        return (
            re.fullmatch(r"(0x[0-9a-f]*|\d+)", address.rstrip(".").rpartition(".")[2], re.IGNORECASE)
            is not None
        )
    if isinstance(ip, IPv6Address):
        inside = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
        if ip in _NAT64:
            inside.append(ip_address(int(ip) & 0xFFFFFFFF))
        if any(one is not None and is_private(str(one)) for one in inside):
            return True
        if any(inside):
            return False
    return not ip.is_global or ip.is_multicast or any(ip in one for one in _NOT_PUBLIC)


def checked_hosts(allow_hosts: str | Iterable[str] | None) -> tuple[str, ...]:
    """Return the hosts of `allow_hosts=`, checked: `files.example.com`, `*.example.com`, with or without port."""
    hosts = [allow_hosts] if isinstance(allow_hosts, str) else list(allow_hosts or ())
    for one in hosts:
        if not isinstance(one, str) or not _HOST.fullmatch(one.lower()) or "." not in one.removeprefix("*."):
            raise ArgumentError(
                f"allow_hosts takes names of hosts, not {one!r}.",
                advice='For example allow_hosts=["files.example.com", "*.example.com"].',
            )
    return tuple(one.lower() for one in hosts)
