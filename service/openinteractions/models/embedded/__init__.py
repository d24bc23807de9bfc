"""The `embedded` dialect: a small model that needs neither a server nor a key.

`server` owns the process that computes, `process` is that process's program, and
`model` speaks to it: `chat`, with the calls of `constrained`.
"""
