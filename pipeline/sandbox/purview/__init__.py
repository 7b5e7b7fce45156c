"""Microsoft Purview: its planes as they answer, and what was made up for them."""
