"""Estates of any size for measurements: Purview reduced to search and details, and Immuta."""
