"""A full disk, and folders that may not be written: one line and exit code 3, whoever ran into it."""

from __future__ import annotations

import errno
import os

import pytest

from flows.cli import app
from flows.cli.app import explain_storage

FULL = "Free space and run again: what was committed stays, the rest is done then."


def system_error(number: int, filename: str | None = None) -> OSError:
    return OSError(number, os.strerror(number), filename)


def raised_from(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (system_error(errno.ENOSPC, "landing/a.part"), f"The disk is full (landing/a.part). {FULL}"),
        (system_error(errno.EDQUOT), f"The disk is full. {FULL}"),
        (raised_from(ValueError("half a file"), system_error(errno.ENOSPC)), f"The disk is full. {FULL}"),
        (RuntimeError('IO Error: Could not write file "x": No space left on device'), f"The disk is full. {FULL}"),
        (
            system_error(errno.EROFS, "home/logs"),
            "home/logs cannot be used (Read-only file system). Check who owns it, its mode and its mount.",
        ),
        (
            system_error(errno.EACCES, "home"),
            "home cannot be used (Permission denied). Check who owns it, its mode and its mount.",
        ),
        (system_error(errno.ENOENT, "file"), None),
        (ValueError("no space for that idea"), None),
    ],
)
def test_an_error_of_storage_says_what_to_do(error: Exception, told: str | None):
    assert explain_storage(error) == told


def test_a_chain_that_is_a_loop_ends():
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert explain_storage(first) is None


def test_a_command_ends_in_one_line_and_exit_code_3(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def full(*_: object, **__: object) -> None:
        raise system_error(errno.ENOSPC)

    monkeypatch.setattr(app, "app", full)
    assert app.run(["status"]) == 3
    captured = capsys.readouterr()
    assert captured.err == f"snowcast: The disk is full. {FULL}\n"
    assert captured.out == ""
