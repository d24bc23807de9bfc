"""A scripted model server that speaks OpenAI's chat completions over real sockets.

The model name of a request chooses what happens (see `scripts`), so that any number
of clients can share one server without preparing it. It is as strict as the real
thing about conversations (see `conversation`) and knows nothing of the server under
test. Start it with `python -m tests.backend --port 0`.
"""
