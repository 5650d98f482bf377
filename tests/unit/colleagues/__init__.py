"""What simulated colleagues say, and who of them says it."""
