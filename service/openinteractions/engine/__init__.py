"""The use cases: what happens when a call arrives, over ports that adapters fill."""
