"""The gRPC face, and the callables that the other face shares with it.

Translates between calls and the engine's use cases; has no logic of its own. Knows
nothing of HTTP, JSON bodies, storage or models.
"""
