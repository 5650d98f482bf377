"""Programs that make files of the repository: run by hand or by make, never installed."""
