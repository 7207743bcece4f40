"""Projects on a map: a frame in; a figure, an interactive map or a file out. Speaks to no service."""

from procore_nb.maps.coordinates import judge
from procore_nb.maps.figure import plot_projects
from procore_nb.maps.located import check_coordinates

__all__ = ["check_coordinates", "judge", "plot_projects"]
