"""The webhook: what each answer means, and that its address is nowhere to be read."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from flows.publish_to.slack.client import Delivery, SlackWebhook
from tests.alerts.receiver import CLOSED, SILENT, Receiver, receiving


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as one:
        yield one


def sent_to(url: str, pauses: list[float] | None = None, text: str = "hello") -> Delivery:
    waited = [] if pauses is None else pauses
    with SlackWebhook(SecretStr(url), 0.3, 2.0, sleep=waited.append) as client:
        return client.send({"text": text})


def test_a_message_that_is_taken_is_sent(receiver: Receiver):
    assert sent_to(receiver.url) == Delivery("sent")
    assert receiver.texts == ["hello"]


def test_an_error_of_slack_is_tried_again_with_longer_pauses(receiver: Receiver):
    receiver.plan(500, "rollup_error")
    receiver.plan(503)
    pauses: list[float] = []
    assert sent_to(receiver.url, pauses) == Delivery("sent")
    assert (pauses, receiver.asked, receiver.texts) == ([2.0, 4.0], 3, ["hello"])


def test_what_slack_never_takes_is_left_for_the_next_run(receiver: Receiver):
    receiver.plan(503, "busy", times=9)
    assert sent_to(receiver.url) == Delivery("released", "Slack answered 503 busy, 4 times")
    assert (receiver.asked, receiver.texts) == (4, [])


def test_throttling_waits_for_as_long_as_slack_asks(receiver: Receiver):
    receiver.plan(429, "ratelimited", Retry_After="7")
    receiver.plan(429)
    pauses: list[float] = []
    assert sent_to(receiver.url, pauses) == Delivery("sent")
    assert pauses == [7.0, 4.0]


def test_a_long_wait_is_left_to_the_next_run(receiver: Receiver):
    receiver.plan(429, Retry_After="600")
    pauses: list[float] = []
    assert sent_to(receiver.url, pauses).state == "released"
    assert (pauses, receiver.asked) == ([], 1)


@pytest.mark.parametrize("answer", [SILENT, CLOSED, 504])
def test_without_an_answer_nobody_knows_and_nothing_is_sent_again(receiver: Receiver, answer: int):
    receiver.plan(answer)
    delivery = sent_to(receiver.url)
    assert delivery.state == "pending"
    assert "may have been taken" in str(delivery.reason)
    assert receiver.asked == 1


@pytest.mark.parametrize(
    ("status", "text", "state"),
    [(400, "invalid_payload", "rejected"), (403, "invalid_token", "released"), (404, "no_service", "released")],
)
def test_a_refusal_is_a_matter_of_configuration(receiver: Receiver, status: int, text: str, state: str):
    receiver.plan(status, text, times=9)
    assert sent_to(receiver.url) == Delivery(state, f"Slack refuses it: {status} {text}", is_misconfigured=True)
    assert receiver.asked == 1


def test_where_nothing_listens_it_is_tried_again_and_left(receiver: Receiver):
    pauses: list[float] = []
    delivery = sent_to("http://127.0.0.1:9/services/x", pauses)
    assert delivery == Delivery("released", "no connection (ConnectError), 4 times")
    assert len(pauses) == 3


def test_the_address_is_in_no_log_and_no_reason(receiver: Receiver, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    receiver.plan(500, f"see {receiver.url}", times=9)
    told = str(sent_to(receiver.url)) + caplog.text
    assert "secret-of-the-webhook" not in told
    assert "see ..." in told
