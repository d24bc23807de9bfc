"""Generated from `protos/openinteractions/v1`."""
