"""The version of surgesim, in a module that every package can import."""

__version__ = "0.2.0.dev0"
