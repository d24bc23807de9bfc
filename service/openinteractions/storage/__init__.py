"""Adapters of the engine's store, held to one acceptance suite.

Database drivers are named here and nowhere else. The adapters know interactions as
messages with an owner; what may follow what is decided by the engine and the core.
"""
