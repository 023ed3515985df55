"""Why a request is not done."""


class Refusal(Exception):
    """Nothing was changed, and why. `code` is for programs, the message for people."""

    def __init__(self, status, code, message, **more):
        super().__init__(message)
        self.status, self.code, self.more = status, code, more

    def body(self):
        return {"code": self.code, "message": str(self), **self.more}


def bad_request(message):
    return Refusal(400, "bad_request", message)


class Partial(Exception):
    """Something was changed, and not all of it."""

    def __init__(self, message, done):
        super().__init__(message)
        self.done = done

    def body(self):
        return {"code": "partial", "message": str(self), "done": self.done}
