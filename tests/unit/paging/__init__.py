"""Paging by itself: the rules that need no server."""
