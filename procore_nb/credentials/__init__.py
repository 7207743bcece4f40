"""Client id, secret and company: masked values, the sources where they are looked for, and named profiles.

In: arguments, environment variables, a `.env` file, saved profiles. Out: `FoundCredentials`, which names the source of
every value. Speaks to the system keyring only. The one room that reads the process environment.
"""

from procore_nb.credentials.lookup import CredentialSources, FoundCredentials, company_number, look_up
from procore_nb.credentials.masked import (
    Credentials,
    CredentialsLike,
    Secret,
    as_credentials,
    current_credentials,
)
from procore_nb.credentials.profiles import Profile, Profiles

__all__ = [
    "CredentialSources",
    "Credentials",
    "CredentialsLike",
    "FoundCredentials",
    "Profile",
    "Profiles",
    "Secret",
    "as_credentials",
    "company_number",
    "current_credentials",
    "look_up",
]
