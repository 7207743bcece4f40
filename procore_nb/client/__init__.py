"""The corridor: `connect` opens the doors of the other rooms in order and hands out a `Procore`.

In: an environment's name. Out: typed frames. Widgets, the command line and notebooks knock only here.
"""

from procore_nb.client.configuration import show_configuration
from procore_nb.client.connecting import connect
from procore_nb.client.procore import Procore

__all__ = ["Procore", "connect", "show_configuration"]
