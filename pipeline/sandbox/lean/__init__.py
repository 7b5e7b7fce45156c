"""An estate of any size for measurements, reduced to search and details."""
