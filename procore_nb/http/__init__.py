"""An authenticated session for one Procore environment: token, company header, own-host guard, limits, rate limiter.

In: an environment, credentials, a path and its parameters. Out: a `Response`. Speaks to the login host and the API host of
that environment and to nobody else. The only room that imports requests_oauthlib.
"""

from procore_nb.http.bounded_response import TransportLimits
from procore_nb.http.session import Session, SharedState, shared_state_of
from procore_nb.http.token import Token

__all__ = ["Session", "SharedState", "Token", "TransportLimits", "shared_state_of"]
