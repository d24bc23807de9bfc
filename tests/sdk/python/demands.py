"""What the behaviours have to show, as data.

One entry for each row of the contract's tables of semantics (§9), of errors while
streaming (§6.5) and of error classes (§7.2), each ask of users in scope, and each
quirk of requests (§2.3) and retries (§1.5). A row that no behaviour can show has its
reason in `NOT_SHOWN`. The tests hold both lists against the behaviours.
"""

from __future__ import annotations

DEMANDS = {
    # §9, semantics
    "store": "true by default; false gives no id and keeps nothing",
    "store+background": "store false with background is a 400",
    "previous": "context is the chain; tools and configuration are not inherited",
    "previous-running": "continuing what is not finished is a 400",
    "previous-unknown": "continuing what is unknown is a 400",
    "previous-tree": "the same id may be continued many times",
    "scope": "create gives what it generated, get the whole timeline",
    "include-input": "only on request, in the form sent",
    "functions": "requires_action, results by call_id, stateful and stateless",
    "after-results": "a new interaction with its own id",
    "stateless-replays": "thoughts and calls are sent back unchanged",
    "signatures": "opaque, may be empty or missing",
    "background": "answered at once, polled, streamed, resumed, cancelled",
    "agents": "refused, for now",
    "cancel": "what runs is cancelled, what does not answers 400",
    "delete": "200 with {}, later get is a 404",
    "incomplete": "the token limit gives incomplete and the partial text",
    "structured": "the text is one JSON document",
    "built-in-tools": "refused, for now",
    "thinking": "summaries on request, else signatures only",
    "media-output": "inline by default, by address on request",
    "webhooks": "refused, for now",
    "deferred": "in the background only; waits first",
    "get-running": "200 with in_progress",
    "disconnect": "a stored stream that was left can be read with get",
    "ids": "opaque and safe in URL paths",
    # §6.5, errors while streaming
    "stream-error-before": "HTTP status and body, for streams too",
    "stream-error-after": "an error event like any other, then the end",
    "stream-store-false": "ids are empty",
    # §7.2, error classes
    "400": "BadRequestError",
    "401": "AuthenticationError",
    "403": "PermissionDeniedError",
    "404": "NotFoundError",
    "413": "APIStatusError for another 4xx",
    "429": "RateLimitError",
    "5xx": "InternalServerError",
    "transport": "APIConnectionError and APITimeoutError",
    # further sections of the contract
    "§1.1": "prefixes and base URLs",
    "§1.2": "GET with stream=false",
    "§1.3": "generations by client, and across clients",
    "§1.4": "keys in every accepted form",
    "§1.5": "statuses that are retried, and Retry-After",
    "§1.6": "success is 200 with the documented content type",
    "files": "up, down, listed and deleted; resumed when interrupted (§1.7)",
    "§2.1": "unknown members, null as absent",
    "§2.3": "forms of input and quirks of clients",
    "§3": "the members of an interaction",
    "§5.2": "tool_choice",
    "§5.3": "generation_config",
    "§5.5": "response_format",
    "§6.2": "events and their order",
    "§6.4": "replay and resume",
    "§7.1": "the documented body, no internals in it",
    "§8.1": "output_text",
    "§8.2": "polling until the status is neither queued nor in_progress",
    "§8.5": "requests as the agent kit sends them",
    "§4.1": "images, audio, video and documents, inline and by uri",
    "usage": "usage in full",
    # asks of users
    "ask-2": "an error in a stream is an error event with the reason, then the end",
    "ask-4": "summaries carry a signature that a later turn accepts",
    "ask-5": "thought_signature in the stream, the same in get",
    "ask-7": "the id in every place of a stream that an SDK reads",
    "ask-8": "function results on a chained turn",
    "ask-9": "results without a name; errors say which member",
    "ask-10": "extra id, call_id and is_error are tolerated",
    "ask-11": "parallel results in any order; a wrong call_id is a clear 400",
    "ask-12": "response_format reaches the model",
    "ask-13": "structured output together with tools",
    "ask-14": "usage in the terminal event, with cached and thought tokens",
    "ask-15": "no member of generation_config is dropped in silence",
    "ask-16": "GET accepts stream=false",
    "ask-17": "old and new clients on one server",
    "ask-18": "empty required, /v1beta in the base URL, //interactions",
    "ask-22": "steps of the turn, user_input in get, none in completed",
    "ask-23": "each turn a new id; tools and instruction are per turn",
    "ask-24": "server-side state in front of any backend",
}

NOT_SHOWN = {
    "§9 mixing agents and models": "agents are refused, for now",
    "§9 retention": "days pass before it can be seen",
    "§9 budget_exceeded": "a status of agents, which are refused",
    "§9 limits of December 2025": "limits of the hosted service",
    "§7.2 409": "never sent: clients retry it (§1.5)",
    "§7.2 422": "never sent: what cannot be processed is a 400",
    "§7.2 not understood": "never sent; every behaviour that succeeds shows it",
}
