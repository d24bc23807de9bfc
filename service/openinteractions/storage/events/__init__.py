"""Adapters of the engine's `Signals` and `EventLog`.

Within one process, between the processes of one machine beside a SQLite file, and
between machines through NATS. What a follower may be given, and in which order, is
decided in one place for all of them: `succession`.
"""
