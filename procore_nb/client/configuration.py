"""What `connect` would work with, and where each value comes from; secrets as `<set>`.

In: the usual places. Out: a frame. Sends nothing.
"""

from __future__ import annotations

import pandas as pd

from procore_nb.credentials import CredentialSources
from procore_nb.credentials.lookup import VARIABLES
from procore_nb.credentials.masked import MASK


def show_configuration(*, places: CredentialSources | None = None) -> pd.DataFrame:
    """Return every value that `connect` can find by itself, one row each, with its source.

    Returns
    -------
    DataFrame
        `name`, `value`, `source` (string). A secret is shown as `<set>`, an absent value as missing.
        First the variables, as set in the environment or the `.env` file, then the saved profiles, then the keyring.

    Examples
    --------
    >>> import procore_nb as pnb
    >>> list(pnb.show_configuration().columns)
    ['name', 'value', 'source']
    """
    places = places or CredentialSources()
    variables = places.variables()
    rows = []
    for name in VARIABLES:
        value, source = variables.get(name, (None, "not set"))
        rows.append((name, MASK if value and name.endswith("SECRET") else value, source))
    profiles = places.profiles
    for profile in profiles.all():
        company = "no company" if profile.company_id is None else f"company {profile.company_id}"
        words = f"{profile.environment.name}, client {profile.client_id}, {company}, secret in the keyring"
        rows.append((f"profile {profile.name!r}", words, str(profiles.path)))
    rows.append(("keyring", profiles.keyring_state(), "system"))
    return pd.DataFrame(rows, columns=["name", "value", "source"], dtype="string")
