"""Simulated colleagues on a real demo, in hurried time."""
