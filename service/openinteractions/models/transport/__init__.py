"""Model servers over HTTP: one request, its answer read by read, and what went wrong.

Knows no dialect: bodies are bytes here, and errors are the `BackendError` family.
"""
