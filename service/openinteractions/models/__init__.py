"""Adapters of model servers: `engine.ports.Model` in each server's dialect.

An adapter turns the conversation into one request, sends it through an `Endpoint`,
and turns the answer into `core.model_events`. It never makes API events and knows
neither the store nor the faces.

Each dialect is a package; `constrained` serves them all, `transport` those that speak
HTTP. What every dialect reads of a request in the same way is in the modules here.
"""
