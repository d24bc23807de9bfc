"""The HTTP/JSON face: REST and server-sent events over the protobuf service.

One file is one stage of a request: `routes` and `binding` find the RPC and its message,
`codec` translates JSON, `revisions` knows the older form of the API, `sse` and `status`
write the answer, `app` holds them together. Everything about the API's JSON is compiled
from the descriptors and their annotations when the gateway is made; what they cannot
express is an error then. The service is reached through `upstream.Upstream` alone.
"""
