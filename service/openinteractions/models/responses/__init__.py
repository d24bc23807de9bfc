"""The `responses` dialect: OpenAI's Responses API.

Reasoning goes both ways in the signatures of thoughts; nothing is stored upstream.
"""
