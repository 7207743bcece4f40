"""Forms for people who would rather click: each gathers arguments, calls one public function and shows the line.

In: clicks. Out: a connection, ids, frames. Needs the notebook extra; knows nothing that `client` does not offer.
"""

from procore_nb.errors import MissingExtraError

try:
    import anywidget as _anywidget  # noqa: F401
    import ipywidgets as _ipywidgets  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        f"Forms and tables in the notebook need {error.name}, which is not installed.",
        advice='Install it with: pip install "procore-nb[notebook]", then restart the kernel.',
    ) from error

from procore_nb.widgets.components import SecretInput
from procore_nb.widgets.connect_form import ConnectForm
from procore_nb.widgets.explorer import Explorer
from procore_nb.widgets.frame_table import FrameTable
from procore_nb.widgets.pickers import CompanyPicker, EndpointPicker, ProjectPicker

__all__ = [
    "CompanyPicker",
    "ConnectForm",
    "EndpointPicker",
    "Explorer",
    "FrameTable",
    "ProjectPicker",
    "SecretInput",
]
