"""The one error of this package: a request that no revision can mean."""


class RevisionError(ValueError):
    """A request whose shape no revision of the API has; always the client's mistake.

    Attributes:
        path: the member (`input[0].content`) or query parameter (`last_event_id`)
            at fault; empty for the body as a whole.
        message: what is wrong with it, as the rest of a sentence about it.
    """

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path or 'the body'} {message}")
        self.path = path
        self.message = message
