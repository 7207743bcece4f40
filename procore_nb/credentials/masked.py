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

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", text)

    def reveal(self) -> str:
        """Return the text itself; call it only where it is sent."""
        text: str = object.__getattribute__(self, "_text")
        return text

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

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
        secret = client_secret.reveal() if isinstance(client_secret, Secret) else client_secret
        object.__setattr__(self, "client_id", _cleaned(client_id, "client id"))
        object.__setattr__(self, "client_secret", Secret(_cleaned(secret, "client secret")))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("Credentials are not written to a file or sent to another process.")

    def __copy__(self) -> Credentials:
        return self

    def __deepcopy__(self, memo: object) -> Credentials:
        return self

    def _repr_html_(self) -> str:
        from html import escape

        return f"Credentials of <code>{escape(self.client_id)}</code>, secret <code>&lt;set&gt;</code>"


def _cleaned(text: object, what: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise CredentialsError(
            f"The {what} is empty.", advice="Copy it from the app's page in the developer portal."
        )
    text = text.strip()
    if not text.isprintable():
        raise CredentialsError(
            f"The {what} holds line breaks or control characters.",
            advice="Copy it again, without anything around it.",
        )
    return text
