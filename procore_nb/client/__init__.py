"""The public calls: `connect` puts credentials, session and catalogue together and returns a `Procore`.

In: an environment's name. Out: typed frames. Widgets, the command line and notebooks use this package only.
"""

from procore_nb.client.connecting import connect, show_configuration
from procore_nb.client.procore import Procore

__all__ = ["Procore", "connect", "show_configuration"]
