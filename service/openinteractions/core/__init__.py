"""The pure core: what an interaction is, without I/O, async or a clock.

Imports nothing of this project but the generated messages.
"""
