"""Decisions: what a resource is worth, and the least amount that suffices. `door` is the interface."""
