"""Read extension files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from surgesim.errors import ExtensionError
from surgesim.extension.files import Extension, Extensions

MOST_BYTES = 1 << 20
"""Maximum size of an extension file, in bytes; the content is sent with every task."""


def read_extensions(paths: Sequence[str | Path] | Extensions) -> Extensions:
    """Read extension files, and execute them.

    Raises
    ------
    ExtensionError
        If a file is missing, is not Python, cannot be executed, declares nothing, or declares a name that
        another file also declares.
    """
    if isinstance(paths, Extensions):
        return paths
    if isinstance(paths, (str, Path)):
        raise ExtensionError(f"got {str(paths)!r}, expected a list of extension files")
    return Extensions().joined(Extensions(tuple(_read(Path(path)) for path in paths)))


def _read(path: Path) -> Extension:
    if path.suffix != ".py":
        raise ExtensionError(f"{path}: expected a Python file, whose name ends in .py")
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ExtensionError(f"{path}: cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise ExtensionError(f"{path}: is over {MOST_BYTES >> 20} MB, expected a smaller extension")
    return Extension(path.name, content)
