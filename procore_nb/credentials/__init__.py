"""Who asks: masked credentials, the places where they are looked for, and named profiles.

In: arguments, environment variables, a `.env` file, saved profiles. Out: a `FoundCredentials` answer that names the source
of every value. Speaks to the system keyring only. The one room that reads the process environment.
"""

from procore_nb.credentials.lookup import (
    CredentialSources,
    FoundCredentials,
    check_credentials,
    company_number,
    look_up,
)
from procore_nb.credentials.masked import Credentials, Secret
from procore_nb.credentials.profiles import Profile, Profiles

__all__ = [
    "CredentialSources",
    "Credentials",
    "FoundCredentials",
    "Profile",
    "Profiles",
    "Secret",
    "check_credentials",
    "company_number",
    "look_up",
]
