"""Server-side tools, and the one door through which the server fetches URLs.

Adapters of the engine's ports. They know the engine's vocabulary and no other adapter.
"""
