"""Generated from `protos/openinteractions/json/v1`."""
