"""Adapters of `engine.file_ports.Objects`, held to one acceptance suite."""
