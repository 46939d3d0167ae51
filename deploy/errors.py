"""The error that ends a command with a sentence for the operator."""


class DeployError(Exception):
    """Say what went wrong, with which part, and what to do."""
