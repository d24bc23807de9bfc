"""The `chat` dialect: OpenAI's chat completions, which most model servers speak.

`model` has the adapter; the other modules write its requests and read its answers.
"""
