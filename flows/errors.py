"""Families of errors that a person may see, each with the exit code it ends in.

A message is one line: what happened, what was expected, what was found, the likely cause, the next step. It never
holds a secret. `ContractError` lives in `transforms/contract.py`, because tables raise it.
"""


class SnowcastError(Exception):
    """An error whose text is written for the person who runs Snowcast."""

    exit_code = 1


class ConfigError(SnowcastError):
    """Wrong use or wrong configuration: running again changes nothing until a person changes something."""

    exit_code = 2


class SourceError(SnowcastError):
    """A source or the warehouse could not be reached, or kept failing after every retry."""

    exit_code = 3


class PrefectGoneError(SourceError):
    """The Prefect server does not answer: nothing that still waits to be sent to it is worth waiting for."""


class TransientError(SnowcastError):
    """A fault that may pass by itself: the only family that is retried."""

    exit_code = 3


class ValidationFailed(SnowcastError):  # noqa: N818 - the name is part of the project's vocabulary
    """A critical check failed, or part of the input was refused."""

    exit_code = 1


class BrokenOffError(SnowcastError):
    """The flow was stopped while a step of it ran: the step sends nothing more, and what it had begun is undone."""
