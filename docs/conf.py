"""Builds these pages as a site: sphinx-build -W docs build/docs."""

project = "surgesim"
author = "The surgesim authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["README.md", "images"]
html_theme = "furo"
html_title = "surgesim"
myst_heading_anchors = 4
myst_fence_as_directive = []
suppress_warnings = [
    "myst.xref_missing",  # links that lead out of this folder: a test of the repository follows them
    "misc.highlighting_failure",  # mermaid is shown as its text
]
