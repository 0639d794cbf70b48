"""What ends the demo with a message instead of a stack."""


class DemoError(Exception):
    """`said` is what happened, `advice` what to do about it."""

    def __init__(self, said: str, advice: str = ""):
        super().__init__(said)
        self.said, self.advice = said, advice
