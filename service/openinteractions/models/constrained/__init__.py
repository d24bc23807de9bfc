"""Function calls by constrained decoding, for models that cannot make them.

`model` stands before a model of any dialect and knows only the port. `members` and
`bounds` know JSON and JSON Schema and nothing of models.
"""
