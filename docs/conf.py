"""Sphinx configuration for building these pages as a site: sphinx-build -W docs build/docs."""

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
    "myst.xref_missing",  # links that lead out of this folder, which a test in the repository follows
    "misc.highlighting_failure",  # mermaid diagrams are shown as text
]
