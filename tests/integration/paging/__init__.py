"""Paging on a real PostgreSQL."""
