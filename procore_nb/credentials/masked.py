"""A client id and a secret that cannot be shown by accident, given as a value or by a function.

In: two texts. Out: frozen values whose every printed form is masked. Speaks to no service.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, NoReturn, Self

from procore_nb.call_errors import explain_calls
from procore_nb.errors import ArgumentError, CredentialsError, ProcoreError

MASK = "<set>"


class _StaysInMemory:
    """A value that is copied as itself, and refuses to be pickled."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("A secret is not written to a file or sent to another process.")


class Secret(_StaysInMemory):
    """A text that prints as `<set>` everywhere and refuses to be pickled; `reveal()` hands it out."""

    __slots__ = ("_reveal",)
    _reveal: Callable[[], str]

    def __init__(self, text: str) -> None:
        # A method of the text instead of the text: out of reach of inspectors that list the attributes of a value. It is
        # one of C, without a frame whose variables a traceback could show.
        object.__setattr__(self, "_reveal", text.__str__)

    def reveal(self) -> str:
        """Return the text itself; call it only where it is sent."""
        return self._reveal()

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            *(secret.reveal().encode("utf-8", "surrogatepass") for secret in (self, other))
        )

    def __hash__(self) -> int:
        return hash((Secret, self.reveal()))

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("A secret is never changed.")


@dataclass(frozen=True, init=False)
class Credentials(_StaysInMemory):
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

    @explain_calls()
    def __init__(self, client_id: str, client_secret: str | Secret) -> None:
        # From here on no variable holds the text: some tracebacks show variables.
        client_secret = _as_secret(client_secret)
        object.__setattr__(self, "client_id", client_id.strip() if isinstance(client_id, str) else "")
        object.__setattr__(self, "client_secret", client_secret)
        if not isinstance(client_id, str):
            raise CredentialsError(f"The client id is text, not {type(client_id).__name__}.")
        for what, value in (("client id", Secret(self.client_id)), ("client secret", client_secret)):
            if not value.reveal():
                advice = "Copy it from the app's page in the developer portal."
                raise CredentialsError(f"The {what} is empty.", advice=advice)
            if not value.reveal().isprintable():
                advice = "Copy it again, without anything around it."
                raise CredentialsError(f"The {what} holds line breaks or control characters.", advice=advice)

    def _repr_html_(self) -> str:
        return f"Credentials of <code>{escape(self.client_id)}</code>, secret <code>&lt;set&gt;</code>"


CredentialsLike = Credentials | Callable[[], Credentials]
"""Credentials, or a function that fetches them from a vault each time they are needed."""
_FORMS = (
    "Pass client_id=…, client_secret=…, or credentials=pnb.Credentials(client_id, client_secret), or a function that "
    "returns them."
)


def as_credentials(held: list[Any]) -> CredentialsLike | None:
    """Return the credentials of a call: `held` is `[client_id, client_secret, credentials]`, and is emptied.

    A pair and a dict are understood; a function and `Credentials` are returned as they are. What cannot be used is refused
    without showing it, and no variable of a traceback holds it.
    """
    client_id, secret, given = held
    held.clear()
    kind, alone = type(given).__name__, client_id is None and secret is None
    if alone and given is None:
        return None
    if alone and (isinstance(given, Credentials) or (callable(given) and not isinstance(given, type))):
        return given
    understood = given is None
    if alone and isinstance(given, Mapping):
        client_id, secret, understood = given.get("client_id"), given.get("client_secret"), True
    elif alone and isinstance(given, tuple | list) and len(given) == 2:
        (client_id, secret), understood = given, True
    given, secret = None, None if secret is None else _as_secret(secret)
    if not understood:
        problem = "credentials and client_id or client_secret were both given. Pass one of them"
        if alone:
            problem = f"credentials is a client id with its secret, not this {kind}"
        raise ArgumentError(f"{problem}.", advice=_FORMS)
    if client_id is None or secret is None:
        absent = "client_id" if client_id is None else "client_secret"
        raise ArgumentError(f"{absent} is missing: the two go together.", advice=_FORMS)
    return Credentials(client_id, secret)


def current_credentials(source: CredentialsLike) -> Credentials:
    """Return credentials, fresh where a function gives them; its failure becomes a `CredentialsError`.

    The caller keeps nothing of a function's answer longer than one login. Its frames may show the secret: call this inside
    `procore_nb.http.transport.guarded`.
    """
    if isinstance(source, Credentials):
        return source
    advice = "It must return pnb.Credentials(client_id, client_secret)."
    try:
        found = source()
        problem = "" if isinstance(found, Credentials) else f"returned {type(found).__name__}"
    except ProcoreError:
        raise
    except Exception as error:  # each vault has errors of its own, and their words are not ours to show
        problem = f"failed ({type(error).__module__}.{type(error).__name__})"
        advice = "Call it alone to see why: it must return pnb.Credentials(client_id, client_secret)."
    if problem:
        raise CredentialsError(f"The function passed as credentials {problem}.", advice=advice)
    return found


def _as_secret(value: object) -> Secret:
    """The value as a secret without white space around it; what is no text becomes an empty one."""
    text = value.reveal() if isinstance(value, Secret) else value
    return Secret(text.strip() if isinstance(text, str) else "")
