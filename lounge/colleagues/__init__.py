"""Simulated colleagues, for `lounge demo` alone: members who read, answer and chat, so that a visitor meets somebody.

They are clients like any other: they sign in over HTTP and speak the live protocol, and know nothing that a member could
not know. What they say comes from a stock of sentences; none is said twice within an hour.
"""
