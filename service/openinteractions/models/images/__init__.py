"""Images out of an endpoint's Images API (OpenAI's `images/generations`, `/edits`).

A prompt goes out, images come back: there is no conversation and no tool. What the
user asks for in words and shapes is put into the members that the API has for it.
"""
