"""A client id and a secret that cannot be shown by accident.

In: two texts. Out: frozen values whose every printed form is masked. Speaks to no service.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import NoReturn

from procore_nb.errors import CredentialsError

MASK = "<set>"


class Secret:
    """A text that prints as `<set>` everywhere and refuses to be pickled; `reveal()` hands it out."""

    __slots__ = ("_reveal",)

    def __init__(self, text: str) -> None:
        # Inside a function, out of reach of debuggers and inspectors that list the attributes of a value.
        object.__setattr__(self, "_reveal", lambda: text)

    def reveal(self) -> str:
        """Return the text itself; call it only where it is sent."""
        text: str = object.__getattribute__(self, "_reveal")()
        return text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(_bytes(self), _bytes(other))

    def __hash__(self) -> int:
        return hash((Secret, self.reveal()))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("A secret is never changed.")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A secret is not written to a file or sent to another process.")


@dataclass(frozen=True, init=False)
class Credentials:
    """The client id and client secret of a Procore service account, masked wherever they are printed.

    Parameters
    ----------
    client_id
        As shown on the app's page of Procore's developer portal.
    client_secret
        Its secret. Keys differ between production and sandbox.

    Raises
    ------
    CredentialsError
        If one of them is empty, not text, or holds line breaks or control characters.

    Examples
    --------
    >>> Credentials("abc", "not to be seen")
    Credentials(client_id='abc', client_secret=<set>)
    """

    client_id: str
    client_secret: Secret

    def __init__(self, client_id: str, client_secret: str | Secret) -> None:
        # From here on no variable holds the text: some tracebacks show variables.
        client_secret = _as_secret(client_secret)
        object.__setattr__(self, "client_id", client_id.strip() if isinstance(client_id, str) else "")
        object.__setattr__(self, "client_secret", client_secret)
        for what, fault in (("client id", _fault(self.client_id)), ("client secret", _fault(client_secret))):
            if fault:
                raise CredentialsError(f"The {what} {fault[0]}.", advice=fault[1])

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Credentials are not written to a file or sent to another process.")

    def __copy__(self) -> Credentials:
        return self

    def __deepcopy__(self, memo: object) -> Credentials:
        return self

    def _repr_html_(self) -> str:
        from html import escape

        return f"Credentials of <code>{escape(self.client_id)}</code>, secret <code>&lt;set&gt;</code>"


def _as_secret(value: object) -> Secret:
    """The value as a secret without white space around it; what is no text becomes an empty one."""
    text = value.reveal() if isinstance(value, Secret) else value
    return Secret(text.strip() if isinstance(text, str) else "")


def _bytes(secret: Secret) -> bytes:
    return secret.reveal().encode("utf-8", "surrogatepass")


def _fault(value: str | Secret) -> tuple[str, str] | None:
    """What is wrong with a client id or secret, and what to do; never the value."""
    text = value.reveal() if isinstance(value, Secret) else value
    if not text:
        return "is empty", "Copy it from the app's page in the developer portal."
    if not text.isprintable():
        return "holds line breaks or control characters", "Copy it again, without anything around it."
    return None
