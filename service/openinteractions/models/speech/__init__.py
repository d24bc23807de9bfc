"""Speech out of an endpoint's speech API (OpenAI's `audio/speech`).

A text goes out, sound comes back, in one voice. Several speakers are several requests,
one for each line, whose sound is put together here.
"""
