"""The version of surgesim, apart so that any room can say it."""

__version__ = "0.2.0.dev0"
