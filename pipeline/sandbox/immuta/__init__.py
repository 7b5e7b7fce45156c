"""Immuta: Govern, the Request app, and what both know of the estate."""
