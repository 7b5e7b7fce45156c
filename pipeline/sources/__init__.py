"""One module per product: its endpoints as data, and its SQL from raw pages to public tables."""
