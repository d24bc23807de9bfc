"""Several processes that serve as one: `serve --workers N`.

A parent (`parent`) starts the workers, hands every HTTP connection to one of them,
and starts another for one that dies. It knows nothing of requests: what a worker is
(`member`) the composition root makes of it. One process alone has no parent.
"""
