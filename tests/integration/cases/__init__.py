"""Cases, boards and the demo on a real Postgres: their rules below HTTP."""
