"""Concurrent viewers: sums at one snapshot."""

from __future__ import annotations

from snowflake.snowpark import Session

from tests.feeding import T0, minutes, rows_of
from tests.unit.marts.samples import observations, sample
from transforms.marts.mart_concurrent_viewers import TABLE, build


def test_viewers_are_summed_for_all_and_per_game_and_language(frames: Session):
    built = build(
        observations(
            frames,
            sample("a", T0, 10, game_id="", language=None),
            sample("b", T0, 5),
            sample("c", T0, 1),
            sample("d", T0, 0, game_id="unwatched"),
            sample("a", minutes(15), 2),
        )
    )
    day = T0.date()
    assert rows_of(built) == [
        ("all", "all", T0, day, 16, 3),
        ("all", "all", minutes(15), day, 2, 1),
        ("game", "", T0, day, 10, 1),
        ("game", "g", T0, day, 6, 2),
        ("game", "g", minutes(15), day, 2, 1),
        ("language", "", T0, day, 10, 1),
        ("language", "en", T0, day, 6, 2),
        ("language", "en", minutes(15), day, 2, 1),
    ]


def test_between_polls_there_are_the_watched_games_alone(frames: Session):
    """Samples do not see the platform, and of a game whose streams were asked for in part they give no sum."""
    sampled = {"is_poll": False}
    built = build(
        observations(
            frames,
            sample("a", T0, 10),
            sample("b", T0, 1, game_id="h", **sampled),
            sample("a", minutes(1), 11, **sampled),
            sample("b", minutes(1), 2, **sampled),
            sample("c", minutes(1), 0, game_id="h", **sampled),
            sample("a", minutes(2), 12, **sampled, is_narrowed=True),
        )
    )
    day = T0.date()
    assert rows_of(built) == [
        ("all", "all", T0, day, 11, 2),
        ("game", "g", T0, day, 10, 1),
        ("game", "g", minutes(1), day, 13, 2),
        ("game", "h", T0, day, 1, 1),
        ("language", "en", T0, day, 11, 2),
    ]


def test_no_samples_give_an_empty_frame_of_the_contract(frames: Session):
    built = build(observations(frames))
    assert built.collect() == []
    assert [name.lower() for name in built.columns] == list(TABLE.column_names)
