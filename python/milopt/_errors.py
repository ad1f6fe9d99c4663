"""What milopt raises."""


class MiloptError(Exception):
    """Why milopt did not do what it was asked for.

    kind   "input": a model, an option or a request that does not fit; "pass": a pass or a verification failed
    code   the rule that a result would break, for example "op-shape", or what of a package is broken, for example
           "package-message"; None for other errors
    place  where it is broken; None for other errors
    """

    def __init__(self, message: str, *, kind: str = "input", code: str | None = None, place: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.place = place
