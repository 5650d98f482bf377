"""Lounge: a self-hosted, real-time network for physicians."""
