"""Counts the Python opcodes that a request or a streamed event costs the server.

Times differ from run to run; this figure does not, so a test can hold it to a budget.
Everything around the server is in memory, in one thread and in a fixed order. What C
code does is not seen: it is a measure of our own frames and of those that they call.
"""
