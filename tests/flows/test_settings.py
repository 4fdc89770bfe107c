"""Settings: where they come from, and how a mistake in them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.errors import ConfigError
from flows.settings import Settings, SnowflakeSettings, load_settings, ready_home
from flows.settings.env_example import example
from tests.flows.secrets_left import secret_variables
from transforms.activity.definitions.activity import Thresholds

ROOT = Path(__file__).resolve().parents[2]


def test_arguments_win_over_the_environment_and_that_over_the_file(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text(
        "SNOWCAST_DATABASE=FROM_FILE\nSNOWCAST_POLL_INTERVAL_MINUTES=5\nSNOWCAST_TWITCH_TOP_STREAMS=7\n"
    )
    monkeypatch.setenv("SNOWCAST_POLL_INTERVAL_MINUTES", "10")
    monkeypatch.setenv("SNOWCAST_TWITCH_TOP_STREAMS", "8")
    settings = load_settings(twitch_top_streams=9)
    assert (settings.database, settings.poll_interval_minutes, settings.twitch_top_streams) == ("FROM_FILE", 10, 9)


def test_settings_are_read_again_where_what_they_are_written_in_has_changed(tmp_path, monkeypatch):
    file = tmp_path / ".env"
    file.write_text("SNOWCAST_GAP_CAP_MINUTES=60\n")
    monkeypatch.delenv("SNOWCAST_GAP_CAP_MINUTES", raising=False)
    first = load_settings(file)
    assert load_settings(file) is first
    file.write_text("SNOWCAST_GAP_CAP_MINUTES=61\n")
    assert load_settings(file).gap_cap_minutes == 61
    monkeypatch.setenv("SNOWCAST_GAP_CAP_MINUTES", "62")
    assert load_settings(file).gap_cap_minutes == 62
    assert load_settings(file, gap_cap_minutes=63).gap_cap_minutes == 63


def test_gap_cap_is_three_intervals_unless_it_is_set():
    assert load_settings(poll_interval_minutes=15).gap_cap_seconds == 45 * 60
    assert load_settings(poll_interval_minutes=15, gap_cap_minutes=20).gap_cap_seconds == 20 * 60


def test_id_spaces_are_groups_of_platforms_and_a_platform_is_in_one(monkeypatch):
    monkeypatch.setenv("SNOWCAST_SHARED_ID_SPACES", "billing, amplitude; twitch,crm;")
    assert load_settings().shared_id_spaces == (("billing", "amplitude"), ("twitch", "crm"))
    for wrong, told in (("billing", "at least two"), ("a,b;b,c", "names b twice")):
        monkeypatch.setenv("SNOWCAST_SHARED_ID_SPACES", wrong)
        with pytest.raises(ConfigError, match=told):
            load_settings()


def test_the_thresholds_of_the_lifecycle_are_settings(monkeypatch):
    assert load_settings().thresholds == Thresholds()
    monkeypatch.setenv("SNOWCAST_SUPER_FAN_GIFTS", "3")
    assert load_settings().thresholds == Thresholds(super_fan_gifts=3)


def test_lists_are_written_with_commas(monkeypatch):
    monkeypatch.setenv("SNOWCAST_TWITCH_LANGUAGES", "en, de,")
    assert load_settings().twitch_languages == ("en", "de")


@pytest.mark.parametrize("in_file", [True, False])
def test_unknown_setting_is_refused_and_a_near_one_is_named(tmp_path, monkeypatch, in_file):
    if in_file:
        (tmp_path / ".env").write_text("SNOWCAST_TWICH_CLIENT_ID=x\n")
    else:
        monkeypatch.setenv("SNOWCAST_TWICH_CLIENT_ID", "x")
    with pytest.raises(ConfigError, match="SNOWCAST_TWICH_CLIENT_ID.*Did you mean SNOWCAST_TWITCH_CLIENT_ID"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SNOWCAST_WAREHOUSE", "redshift", "'embedded' or 'snowflake'"),
        ("SNOWCAST_DATABASE", "x; drop table y", "SNOWCAST_DATABASE"),
        ("SNOWCAST_POLL_INTERVAL_MINUTES", "0", "greater than 0"),
        ("SNOWCAST_TWITCH_BASE_URL", "api.twitch.tv", "http://"),
        ("SNOWCAST_BILLING_ENCODING", "klingon", "is no text encoding that Python knows"),
        ("SNOWCAST_BILLING_ENCODING", "hex", "is no text encoding that Python knows"),
        ("SNOWFLAKE_PORT", "many", "SNOWFLAKE_PORT"),
        ("SNOWFLAKE_ROLE", "a b", "SNOWFLAKE_ROLE"),
    ],
)
def test_a_value_that_cannot_be_is_one_line_with_its_name(monkeypatch, name, value, told):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as raised:
        load_settings()
    assert name in str(raised.value)
    assert told in str(raised.value)
    assert "\n" not in str(raised.value)


def test_secrets_show_in_no_repr_and_no_error(monkeypatch):
    secrets = secret_variables()
    assert {"SNOWCAST_TWITCH_CLIENT_SECRET", "SNOWFLAKE_PASSWORD", "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE"} <= {*secrets}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert "hush-" not in repr(settings) + str(settings) + settings.model_dump_json() + repr(settings.snowflake)


def test_a_home_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="SNOWCAST_HOME .* cannot be written"):
        ready_home(load_settings(home=tmp_path / "file" / "home"))


def test_the_example_names_every_setting():
    written = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert written == example(), "write it again: python -m flows.settings.env_example > .env.example"
    for name in Settings.model_fields:
        assert name.upper() in written
    for name in SnowflakeSettings.model_fields:
        assert f"SNOWFLAKE_{name.upper()}=" in written


def test_an_example_without_its_comment_signs_is_a_valid_file(tmp_path):
    lines = [line.removeprefix("# ") for line in example().splitlines()]
    kept = [line for line in lines if "=" in line and line.split("=")[0].isupper()]
    (tmp_path / ".env").write_text("\n".join(kept))
    assert load_settings() == load_settings(env_file=tmp_path / "absent")
