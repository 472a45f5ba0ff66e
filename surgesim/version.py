"""The version of surgesim, in a module that every package can import."""

from __future__ import annotations

__version__ = "0.2.0.dev0"


def is_compiled() -> bool:
    """Return True if the model is compiled (by an installation with `SURGESIM_COMPILE=1`)."""
    from importlib.machinery import ExtensionFileLoader
    from importlib.util import find_spec

    spec = find_spec("surgesim.model.care.journey")
    return spec is not None and isinstance(spec.loader, ExtensionFileLoader)
