"""Measures the server beside its peers and the limit; see `bench/README.md`.

Starts everything itself, on loopback, and ends only what it started. Knows the server
from outside (its command, HTTP and gRPC); only `codec` and `opcodes` look inside.
"""
