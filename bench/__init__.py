"""Measurements: ratios against a baseline of the same run, on this machine, with servers of their own."""
