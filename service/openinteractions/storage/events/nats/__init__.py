"""Signals and live events between machines, through NATS.

Signals are messages that nobody keeps. A log is kept by one JetStream stream, so that
readers who come late have it; those who are there get the same messages at once, as
plain subscribers, without a consumer of the stream each. Needs `nats-py`, which comes
with the extra `nats`; imported by who is configured to use it.
"""
