"""The scanning plane: data sources, scans, their settings and their runs."""
