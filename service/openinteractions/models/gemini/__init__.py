"""The `gemini` dialect: servers that speak the Interactions API themselves.

Google's, or another openinteractions. What they say passes through; nothing here makes
model events of it, and nothing here decides what is kept where.
"""
