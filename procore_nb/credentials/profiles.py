"""Named profiles: client id, environment and company in a small file, the secret in the system keyring.

In: a name and what belongs to it. Out: `Profile` values and, on request, their `Credentials`. Speaks to the system
keyring, and only to a keyring that encrypts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from procore_nb.atomic_write import replace_atomically
from procore_nb.credentials.masked import Credentials, Secret
from procore_nb.environments import Environment
from procore_nb.errors import ArgumentError, CredentialsError, MissingExtraError, OutputError, ProcoreError

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "procore_nb"
# keyrings.alt is picked silently once it is installed, and stores secrets in base64: only keyrings known to encrypt.
_ENCRYPTING = (
    "keyring.backends.SecretService",
    "keyring.backends.libsecret",
    "keyring.backends.kwallet",
    "keyring.backends.macOS",
    "keyring.backends.Windows",
    "keyrings.cryptfile",
)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Profile:
    """A saved name for one client id in one environment; the secret is not part of it."""

    name: str
    environment: Environment
    client_id: str
    company_id: int | None = None

    @property
    def keyring_name(self) -> str:
        """The name under which the keyring holds the secret; it names the login host, so hosts never mix."""
        return f"{self.name} | {self.client_id} | {self.environment.login_url}"


class Profiles:
    """The profiles kept in one configuration folder.

    Parameters
    ----------
    folder
        Where `profiles.json` lives; the user's configuration folder by default.
    keyring
        A keyring backend; the system's by default, looked up when a secret is read or kept.
    """

    def __init__(self, folder: Path | None = None, *, keyring: KeyringBackend | None = None) -> None:
        self._folder = folder
        self._keyring = keyring

    @property
    def path(self) -> Path:
        """The file that holds the profiles (never a secret)."""
        if self._folder is None:
            import platformdirs

            self._folder = platformdirs.user_config_path("procore_nb", appauthor=False)
        return self._folder / "profiles.json"

    def all(self) -> list[Profile]:
        """Return every saved profile.

        Returns
        -------
        list of Profile
            By name; empty when none is saved.

        Raises
        ------
        CredentialsError
            If the file of profiles is damaged or cannot be read; so do the other methods.

        Examples
        --------
        >>> from pathlib import Path
        >>> import procore_nb as pnb
        >>> pnb.Profiles(Path("empty")).all()
        []
        """
        return [_profile(name, row, self.path) for name, row in sorted(self._read().items())]

    def get(self, name: str) -> Profile:
        """Return one profile.

        Parameters
        ----------
        name
            The name it was saved under.

        Returns
        -------
        Profile
            `name`, `environment`, `client_id`, `company_id`; no secret.

        Raises
        ------
        CredentialsError
            If there is none of that name; those there are are named.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> pnb.Profiles().get("office")  # doctest: +SKIP
        Profile(name='office', …)
        """
        saved = {profile.name: profile for profile in self.all()}
        if name in saved:
            return saved[name]
        known = ", ".join(map(repr, saved)) or "none yet"
        raise CredentialsError(
            f"There is no saved profile named {name!r}.", advice=f"Saved profiles: {known}."
        )

    def credentials(self, profile: Profile) -> Credentials:
        """Return the credentials of a profile, its secret fresh from the keyring.

        Parameters
        ----------
        profile
            As `get` returns it.

        Returns
        -------
        Credentials
            What `connect(credentials=…)` takes.

        Raises
        ------
        CredentialsError
            If the keyring holds no secret for it, refuses, or does not encrypt.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> profiles = pnb.Profiles()
        >>> profiles.credentials(profiles.get("office"))  # doctest: +SKIP
        Credentials(client_id='…', client_secret=<set>)
        """
        secret = _kept(self._backend(), profile)
        if secret is None:
            raise CredentialsError(
                f"The system keyring holds no secret for profile {profile.name!r}.",
                advice="Save the profile again with its secret.",
            )
        return Credentials(profile.client_id, secret)

    def save(
        self, name: str, credentials: Credentials, environment: Environment, company_id: int | None
    ) -> Profile:
        """Keep a profile: the secret in the keyring first, then the rest in the file; all of it or nothing.

        Parameters
        ----------
        name
            What to call it; one of that name is replaced.
        credentials, environment, company_id
            What a connection with this profile uses.

        Returns
        -------
        Profile
            The profile as it was saved.

        Raises
        ------
        ArgumentError
            If the name is empty.
        CredentialsError, MissingExtraError
            If no keyring that encrypts is there, or it refuses.
        OutputError
            If the file cannot be written; the keyring is as before.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> procore = pnb.connect("demo")
        >>> given = pnb.Credentials("client id", "client secret")
        >>> pnb.Profiles().save("office", given, procore.environment, 1234567)  # doctest: +SKIP
        Profile(name='office', …)
        """
        if not isinstance(name, str) or not name.strip():
            raise ArgumentError("A profile needs a name.")
        profile = Profile(name.strip(), environment, credentials.client_id, company_id)
        rows = self._read()
        backend = self._backend()
        before = _kept(backend, profile)
        _keep(backend, profile, credentials.client_secret)
        rows[profile.name] = {
            "environment": environment.name,
            **{name: getattr(environment, name) for name in ("login_url", "api_url", "web_url")},
            "client_id": profile.client_id,
            "company_id": company_id,
        }
        try:
            self._write(rows)
        except OutputError:
            _keep(backend, profile, before)
            raise
        return profile

    def forget(self, name: str) -> None:
        """Remove a profile and its secret.

        Parameters
        ----------
        name
            The name it was saved under.

        Raises
        ------
        CredentialsError
            If there is none of that name.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> pnb.Profiles().forget("office")  # doctest: +SKIP
        """
        profile = self.get(name)
        rows = self._read()
        del rows[name]
        # A secret that is already gone, or a locked keyring, must not keep the profile alive.
        with suppress(Exception):
            self._backend().delete_password(SERVICE, profile.keyring_name)
        self._write(rows)

    @property
    def has_keyring(self) -> bool:
        """Whether there is a keyring that can keep a secret."""
        with suppress(CredentialsError, MissingExtraError):
            return self._backend() is not None
        return False

    def keyring_state(self) -> str:
        """Return which keyring would hold a secret, or why none can.

        Returns
        -------
        str
            The name of the keyring's class, or a sentence.

        Examples
        --------
        >>> import procore_nb as pnb
        >>> bool(pnb.Profiles().keyring_state())
        True
        """
        try:
            return f"{type(self._backend()).__module__}.{type(self._backend()).__name__}"
        except (CredentialsError, MissingExtraError) as error:
            return error.message

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            rows = json.loads(self.path.read_text(encoding="utf-8"))["profiles"]
            return {str(name): dict(row) for name, row in rows.items()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CredentialsError(
                f"The profiles in {self.path} cannot be read: {error.strerror or error}.",
                advice="Check the folder and its rights, or connect with credentials=….",
            ) from error
        # Not JSON, not UTF-8, another form of JSON, or a folder whose name holds what no path can.
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise CredentialsError(
                f"The profiles file {self.path} is damaged.",
                advice="Repair or remove it, then save the profiles again.",
            ) from error

    def _write(self, rows: dict[str, dict[str, Any]]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with replace_atomically(self.path, private=True) as draft:
                draft.write_text(json.dumps({"profiles": rows}, indent=2), encoding="utf-8")
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else None
            raise OutputError(
                f"The profiles could not be written to {self.path}: {why or error}.",
                advice="Nothing was kept. Check that the folder can be written.",
            ) from error

    def _backend(self) -> KeyringBackend:
        return _system_keyring() if self._keyring is None else self._keyring


def _kept(backend: KeyringBackend, profile: Profile) -> Secret | None:
    text = _ask_keyring(lambda: backend.get_password(SERVICE, profile.keyring_name))
    return Secret(text) if text else None


def _keep(backend: KeyringBackend, profile: Profile, secret: Secret | None) -> None:
    """Put a secret into the keyring, or take it out for None."""
    where = (SERVICE, profile.keyring_name)
    _ask_keyring(
        lambda: backend.set_password(*where, secret.reveal()) if secret else backend.delete_password(*where)
    )


def _ask_keyring(call: Callable[[], Result]) -> Result:
    """Return what a keyring answers; a refusal becomes our error, without its frames, which hold the secret."""
    try:
        return call()
    except ProcoreError:
        raise
    except Exception as error:  # each keyring has errors of its own
        refusal = f"{type(error).__module__}.{type(error).__name__}"
    raise CredentialsError(
        f"The system keyring refused ({refusal}).", advice="Unlock the keyring, then try again."
    )


def _system_keyring() -> KeyringBackend:
    try:
        import keyring
    except ImportError as error:
        raise MissingExtraError(
            "Saved profiles keep their secret in the system keyring, and the keyring library is not installed.",
            advice='Install it with: pip install "procore-nb[keep]"',
        ) from error
    chosen = _ask_keyring(keyring.get_keyring)  # reads a configuration file, which may be broken
    backends: list[KeyringBackend] = list(getattr(chosen, "backends", [])) or [chosen]
    for backend in backends:
        if type(backend).__module__.startswith(_ENCRYPTING):
            return backend
    raise CredentialsError(
        "This machine has no system keyring that encrypts, so no secret can be kept or read.",
        advice="Nothing was kept. Set PROCORE_CLIENT_ID and PROCORE_CLIENT_SECRET in the environment instead, "
        "or start a keyring service (on Linux: gnome-keyring or KWallet).",
    )


def _profile(name: str, row: dict[str, Any], path: Path) -> Profile:
    try:
        urls = (row["login_url"], row["api_url"], row.get("web_url", ""))
        profile = Profile(
            name, Environment(row["environment"], *urls), row["client_id"], row.get("company_id")
        )
    except (KeyError, ArgumentError) as error:
        raise CredentialsError(f"Profile {name!r} in {path} is damaged: {error}.") from error
    company = profile.company_id
    is_number = company is None or (type(company) is int and 0 < company < 2**63)
    if not (isinstance(profile.client_id, str) and is_number):
        raise CredentialsError(
            f"Profile {name!r} in {path} is damaged: a client id is text, a company id a positive number."
        )
    return profile
