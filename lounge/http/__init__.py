"""HTTP: one file per resource; each parses, calls the domain and encodes."""
