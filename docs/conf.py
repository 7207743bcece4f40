"""Settings of the documentation site: `sphinx-build -W docs docs/_build`, with the extra `docs`.

In: the pages of this folder, the docstrings of the package, the catalogue, the demo. Out: static pages that ask no host.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from procore_nb import __version__

project = "procore_nb"
author = "The procore_nb authors"
release = version = __version__
language = "en"

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.napoleon",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_design",
    "list_pages",
    "site_pages",
]
root_doc = "index"
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_ext", "_static"]
suppress_warnings = ["myst.xref_missing_source"]

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
copybutton_exclude = ".linenos, .gp, .go"

autosummary_generate = True
templates_path = ["_ext/templates"]
autodoc_typehints = "signature"
maximum_signature_line_length = 88
default_role = "code"
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_rtype = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "procore_nb"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_prev_next": True,
    "navigation_with_keys": False,
    "header_links_before_dropdown": 7,
}
html_sidebars = {name: [] for name in ("index", "getting-started", "gallery")}
copyright = "the procore_nb authors, MIT licence"
