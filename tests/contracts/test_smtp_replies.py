"""Replies are read from whatever comes, however it comes in pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.smtp.reply import BrokenReplyError, Reply, ReplyBuffer, Status

TEXTS = st.binary(max_size=60).filter(lambda text: b"\n" not in text and not text.endswith(b"\r"))
REPLIES = st.builds(
    Reply, st.integers(200, 599), st.lists(TEXTS, min_size=1, max_size=4).map(tuple)
)


def written(reply: Reply) -> bytes:
    """As a server sends it."""
    *others, last = reply.lines
    lines = [*(b"%d-%b" % (reply.code, line) for line in others), b"%d %b" % (reply.code, last)]
    return b"".join(line + b"\r\n" for line in lines)


def fed(octets: bytes, size: int) -> list[Reply]:
    """What is read, so many octets at a time."""
    buffer = ReplyBuffer()
    replies = []
    for start in range(0, len(octets), size):
        buffer.feed(octets[start : start + size])
        while (reply := buffer.next()) is not None:
            replies.append(reply)
    assert buffer.is_empty
    return replies


@given(st.lists(REPLIES, max_size=4), st.integers(1, 40))
def test_what_is_written_is_read(replies: list[Reply], size: int) -> None:
    """Wherever the network divides it."""
    assert fed(b"".join(map(written, replies)), size) == replies


@given(st.binary())
def test_anything_is_read_or_broken(octets: bytes) -> None:
    """Nothing else is raised, and no reply has a code that there is not."""
    buffer = ReplyBuffer()
    buffer.feed(octets)
    try:
        while (reply := buffer.next()) is not None:
            assert 200 <= reply.code <= 599
            assert reply.text.isascii() or "\ufffd" in reply.text
    except BrokenReplyError:
        return


@pytest.mark.parametrize(
    "octets",
    [b"x" * 2_049, b"250-x\r\n" * 129, b"250 " + b"x" * 2_100 + b"\r\n", b"250-a\r\n251 b\r\n"],
    ids=["a line without end", "too many lines", "a long line", "another code"],
)
def test_what_no_server_means_is_broken(octets: bytes) -> None:
    """Nobody fills the memory by talking on."""
    buffer = ReplyBuffer()
    buffer.feed(octets)
    with pytest.raises(BrokenReplyError):
        buffer.next()


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"550 5.1.1 No", Status(1, 1)),
        (b"550 5.7.26", Status(7, 26)),
        (b"550 4.1.1 No", None),
        (b"550 No 5.1.1", None),
        (b"550 5.1.1.2 No", None),
        (b"550 5.1.1000 No", None),
    ],
)
def test_a_status_code_stands_first_and_is_of_the_replys_class(
    text: bytes, status: Status | None
) -> None:
    """RFC 2034, section 4: others are text."""
    (reply,) = fed(text + b"\r\n", 100)
    assert reply.status == status
