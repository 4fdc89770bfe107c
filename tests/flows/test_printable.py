"""What sources send is shown, and never obeyed: no output of ours moves a cursor, rings or turns a line around."""

from __future__ import annotations

import json
import re

import pytest

from expectations.engine.gx_rules import _select_shown
from expectations.engine.printable import printable
from flows.cli.output import TerminalReporter, point_at, print_json, print_rows, say, say_error

HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066\r\x00\x7f\ud800"
WRITTEN_OUT = r"\x1b[2J\x1b]0;owned\x07\x9b31m\u202egnp.exe\u2066\x0d\x00\x7f\ud800"
FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def test_characters_that_act_are_written_out_and_others_stay():
    assert printable(HOSTILE) == WRITTEN_OUT
    assert printable("Ünï 日本 🎮 a\tb\nc \\x1b") == "Ünï 日本 🎮 a\tb\nc \\x1b"


@pytest.mark.parametrize(
    "show",
    [
        pytest.param(lambda: say(HOSTILE), id="line"),
        pytest.param(lambda: say_error(HOSTILE), id="error"),
        pytest.param(lambda: point_at(HOSTILE, 0, 1), id="place"),
        pytest.param(lambda: TerminalReporter().show_result(HOSTILE, HOSTILE, "warning"), id="step"),
        pytest.param(lambda: print_rows([HOSTILE, "b"], [[HOSTILE, 1]], "table"), id="table"),
    ],
)
def test_nothing_that_is_shown_acts(capsys: pytest.CaptureFixture[str], show):
    show()
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert "owned" in text
    assert not FORBIDDEN.search(text), repr(text)


def test_on_a_terminal_csv_and_json_do_not_act_either(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    value = HOSTILE.replace("\ud800", "")
    print_rows(["title"], [[value]], "csv")
    print_json({"title": value})
    assert not FORBIDDEN.search(capsys.readouterr().out)


def test_a_program_gets_csv_and_json_as_they_are(capsys: pytest.CaptureFixture[str]):
    value = "\x1b[2J\u202e日本\x7f"
    print_json({"title": value})
    assert json.loads(capsys.readouterr().out) == {"title": value}
    print_rows(["title"], [[value]], "csv")
    assert capsys.readouterr().out == f"title\n{value}\n"


def test_an_example_of_a_failed_rule_does_not_act():
    assert _select_shown(HOSTILE) == WRITTEN_OUT


@pytest.mark.parametrize(
    ("before", "word", "columns", "width"),
    [
        ("a ", "word", 2, 4),
        ("'日本' ", "word", 7, 4),
        ("", "日本", 0, 4),
        ("'🎮' \t", "x", 6, 1),
        ("'e\u0301' ", "x", 4, 1),
        ("line\n'ｗ' ", "word", 5, 4),
        ("'\x1b' ", "word", 7, 4),
        ("nothing is left", "", 15, 1),
    ],
)
def test_carets_stand_under_the_word_whatever_is_before_it(
    capsys: pytest.CaptureFixture[str], before: str, word: str, columns: int, width: int
):
    point_at(f"{before}{word} and more", len(before), len(word))
    assert capsys.readouterr().err.splitlines()[1] == " " * columns + "^" * width
