"""Collecting: endpoints as data, one HTTP layer, pages kept as received."""
