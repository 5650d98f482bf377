"""The embedded servers, run for real."""
