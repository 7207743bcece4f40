"""An open, renewing door to one Procore environment: token, company header, own-host guard, timeouts.

In: an environment, credentials, a path and its parameters. Out: a `Reply`. Speaks to the login host and the API host of
that environment and to nobody else. The only room that imports requests_oauthlib.
"""

from procore_nb.http.session import Session, SharedState, shared_state_of
from procore_nb.http.token import Token

__all__ = ["Session", "SharedState", "Token", "shared_state_of"]
