"""Projects on a map: a frame in; a figure, an interactive map or a file out. Speaks to no service."""

from procore_nb.maps.figure import plot_projects
from procore_nb.maps.interactive import ProjectMap, map_projects
from procore_nb.maps.spatial import distance_to, nearest, to_geodataframe, to_geojson, with_location
from procore_nb.maps.validate import check_coordinates

__all__ = [
    "ProjectMap",
    "check_coordinates",
    "distance_to",
    "map_projects",
    "nearest",
    "plot_projects",
    "to_geodataframe",
    "to_geojson",
    "with_location",
]
