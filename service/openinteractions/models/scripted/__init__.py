"""The `scripted` dialect: a deterministic model for tests, simulation and demos.

`script` has the language, `scene` what a script sees, `performance` what it does.
"""
