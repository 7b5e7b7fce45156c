"""The Unified Catalog, and access to the data products in it."""
