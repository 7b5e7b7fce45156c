"""Where snapshots live: the data dictionary, history, sealing, ad-hoc SQL."""
