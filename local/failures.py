"""What can go wrong with a local stack, said so that a person knows what to do next."""


class StackError(Exception):
    """A local stack cannot be started, seeded or used. The message is one sentence or two, for people."""
