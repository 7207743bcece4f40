"""Where a request goes: the login host and the API host of one Procore environment, as one frozen value.

In: a name or two addresses. Out: an `Environment`. Speaks to no service.
The known hosts are those of Procore's development environments page:
https://developers.procore.com/documentation/development-environments
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import escape
from ipaddress import ip_address
from urllib.parse import urlsplit

from procore_nb.errors import ArgumentError
from procore_nb.near_match import did_you_mean

USUAL_PORTS = {"https": 443, "http": 80}
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*)(?::(?P<port>\d{1,5}))?"
    r"(?P<path>(?:/[\w.~%+-]+)*)/*",
    re.IGNORECASE | re.ASCII,
)


# Login host, API host and web application of each environment, with hosts that belong to it besides. The embedded demo runs in
# this process; a host under .invalid can never be reached by accident (RFC 2606).
_HOSTS = {
    "production": ("login.procore.com", "api.procore.com", "app.procore.com"),
    "sandbox": ("login-sandbox.procore.com", "sandbox.procore.com", "sandbox.procore.com"),
    "monthly-sandbox": (
        "login-sandbox-monthly.procore.com", "api-monthly.procore.com", "api-sandbox-monthly.procore.com",
    ),
    "federal": ("login.procoregov.com", "api.procoregov.com", "app.procoregov.com"),
    "demo": ("login.procore-demo.invalid", "api.procore-demo.invalid"),
}  # fmt: skip


# The two domains of Procore. https://developers.procore.com/documentation/attachments: send the token to files on
# *.procore.com; expect redirects to a cloud store, and send it no token.
_FAMILIES = (".procore.com", ".procoregov.com")


@dataclass(frozen=True, slots=True)
class Environment:
    """One Procore environment: its login host, its API host, and its web application.

    Parameters
    ----------
    name
        How this environment is called in frames, forms and messages.
    login_url
        Base address of the login host, which issues tokens; https, or http on a loopback host.
    api_url
        Base address of the API; the token goes there, and for files to further hosts of Procore (`is_own_host`).
    web_url
        Base address of the web application, for links to projects; empty when there is none.

    Raises
    ------
    ArgumentError
        If an address is not https (http is for loopback hosts only), holds a user name or a query, or if the
        two addresses belong to different environments: credentials and tokens of one are refused by the other,
        and must not be shown to it.

    Examples
    --------
    >>> Environment("mine", login_url="http://127.0.0.1:8000", api_url="http://127.0.0.1:8000").name
    'mine'
    """

    name: str
    login_url: str
    api_url: str
    web_url: str = ""

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not self.name.strip():
            raise ArgumentError("An environment needs a name.", advice='For example name="mine".')
        for field in ("login_url", "api_url", "web_url"):
            address = getattr(self, field)
            if field != "web_url" or address:
                object.__setattr__(self, field, _checked_address(address, field=field, name=self.name))
        login, api = _owner(self.login_url), _owner(self.api_url)
        if login and api and login != api:
            raise ArgumentError(
                f"Environment {self.name!r} requests tokens at {self.login_url} ({login}) but would use them at "
                f"{self.api_url} ({api}).",
                advice="Credentials and tokens do not cross environments: take both hosts from the same one.",
            )

    def __repr__(self) -> str:
        return f"Environment({self.name!r}, login_url={self.login_url!r}, api_url={self.api_url!r})"

    def _repr_html_(self) -> str:
        return (
            f"<b>{escape(self.name)}</b> environment &middot; login <code>{escape(self.login_url)}</code>"
            f" &middot; API <code>{escape(self.api_url)}</code>"
        )


def environment(
    name: str | Environment, *, login_url: str | None = None, api_url: str | None = None
) -> Environment:
    """Return the environment of that name (or the `Environment` given), with any host replaced.

    With both addresses given, any other name makes an environment of its own; an unknown one names near matches.
    """
    overrides = {k: v for k, v in (("login_url", login_url), ("api_url", api_url)) if v}
    if isinstance(name, Environment):
        return replace(name, **overrides)
    if not isinstance(name, str) or not name.strip():
        problem = f"An environment is a name or an Environment, not {name!r}."
        raise ArgumentError(problem, advice=f"Known names: {environment_names()}.")
    known = {each.name: each for each in KNOWN}
    if simple_name(name) in known:
        return replace(known[simple_name(name)], **overrides)
    if login_url and api_url:
        return Environment(name.strip(), login_url, api_url)
    longer = [each for each in known if each.startswith(simple_name(name))]  # prod
    hint = f"Did you mean {longer[0]}? " if longer else did_you_mean(simple_name(name), known, count=2)
    raise ArgumentError(
        f"There is no Procore environment named {name!r}.",
        advice=f"{hint}Known names: {environment_names()}. For hosts of your own pass "
        'pnb.Environment(name="mine", login_url="https://…", api_url="https://…").',
    )


def is_loopback(address: str) -> bool:
    """Return whether an address names this machine itself: 127.0.0.0/8, ::1 or localhost."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if re.search(r"\][^:]", parts.netloc):  # as in [::1]evil.example
        return False
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def same_origin(address: str, other: str) -> bool:
    """Return whether two addresses share scheme, host and port; what is no address shares nothing."""
    try:
        origins = {
            (url.scheme, (url.hostname or "").lower(), url.port or USUAL_PORTS.get(url.scheme))
            for url in (urlsplit(address), urlsplit(other))
        }
    except ValueError:
        return False
    return len(origins) == 1


def is_own_host(environment: Environment, address: str) -> bool:
    """Return whether an address belongs to the environment, so that its token may go there over https.

    That is its API host; of Procore itself also the other hosts under `procore.com` (or `procoregov.com`), such as those
    that serve files, unless they are known to be another environment's.
    """
    if same_origin(address, environment.api_url):
        return True
    parts = urlsplit(address)
    host, home = (parts.hostname or "").lower(), urlsplit(environment.api_url).hostname or ""
    related = any(host.endswith(domain) and f".{home}".endswith(domain) for domain in _FAMILIES)
    https = parts.scheme == "https" and parts.port in (None, 443)
    return related and https and _owner(address) in (None, _owner(environment.api_url))


def simple_name(name: str) -> str:
    """Return the form in which names of environments are compared: `Monthly sandbox` is `monthly-sandbox`."""
    return "-".join(re.findall(r"[^\s_-]+", name.lower()))


def environment_names() -> str:
    """Return the names of the known environments, for a message."""
    return ", ".join(known.name for known in KNOWN)


def _checked_address(address: str, *, field: str, name: str) -> str:
    """The address in its one form: small letters, no usual port, no slash at the end."""
    where = f"{field} of environment {name!r}"
    text = address.strip() if isinstance(address, str) else ""
    if set("@?#") & set(text):  # what stands before an @ may be a password: it is not shown
        raise ArgumentError(f"The {where} may hold only scheme, host, port and path.")
    # Strict on purpose: what two libraries may read in two ways does not get a token.
    parts = _ADDRESS.fullmatch(text)
    port = int(parts["port"]) if parts and parts["port"] else None
    if parts is None or not _is_host(parts["host"]) or not (port is None or 0 < port < 65536):
        problem = f"The {where} is not an address: {address!r}."
        raise ArgumentError(problem, advice='It looks like "https://login.procore.com".')
    scheme, host = parts["scheme"].lower(), parts["host"].lower()
    if scheme == "http" and not is_loopback(f"http://{host}"):
        raise ArgumentError(
            f"The {where} is plain http: {address!r}.",
            advice="Secrets and tokens travel over https only; http is accepted for 127.0.0.1, ::1 and localhost.",
        )
    usual = port is None or port == USUAL_PORTS[scheme]
    return f"{scheme}://{host}{'' if usual else f':{port}'}{parts['path']}"


def _is_host(host: str) -> bool:
    if not host.startswith("["):
        return True
    try:
        return "." not in host and ip_address(host[1:-1]).version == 6
    except ValueError:
        return False


def _owner(address: str) -> str | None:
    """Return the environment that a host belongs to: a known one, `loopback`, or None for any other host."""
    host = (urlsplit(address).hostname or "").lower()
    known = next((name for name, hosts in _HOSTS.items() if host in hosts), None)
    return "loopback" if is_loopback(address) else known


KNOWN = tuple(Environment(name, *(f"https://{host}" for host in hosts)) for name, hosts in _HOSTS.items())
PRODUCTION, SANDBOX, MONTHLY_SANDBOX, FEDERAL, DEMO = KNOWN
