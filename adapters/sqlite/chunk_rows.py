"""Rows of chunks: the manifest, written once, and the progress, written at every claim."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace

from adapters.sqlite.records import decode, encode
from adapters.sqlite.tally_rows import move_tally
from adapters.sqlite.times import optional_to_column
from domain.chunk import Chunk, ChunkRef
from domain.errors import VersionConflict
from domain.recipient import Recipient

_REF = "campaign_id = ? AND range_number = ? AND number = ?"


def select_chunk(connection: sqlite3.Connection, ref: ChunkRef) -> Chunk | None:
    """Both rows, as last written."""
    row = connection.execute(
        "SELECT progress, recipients FROM chunks"  # noqa: S608  no value
        " JOIN chunk_manifests USING (campaign_id, range_number, number)"
        f" WHERE {_REF}",
        _key(ref),
    ).fetchone()
    if row is None:
        return None
    progress, recipients = row
    chunk = decode(progress, Chunk)
    return replace(chunk, recipients=decode(recipients, tuple[Recipient, ...]))


def insert_chunks(connection: sqlite3.Connection, chunks: Iterable[Chunk]) -> None:
    """New ones, fenced by whoever calls."""
    for chunk in chunks:
        key = _key(chunk.ref)
        connection.execute(
            "INSERT INTO chunk_manifests (recipients, campaign_id, range_number, number)"
            " VALUES (?, ?, ?, ?)",
            (encode(chunk.recipients), *key),
        )
        connection.execute(
            "INSERT INTO chunks"
            " (version, next_check_at, progress, campaign_id, range_number, number)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (*_columns(chunk), *key),
        )


def update_progress(connection: sqlite3.Connection, chunk: Chunk, before: Chunk) -> Chunk:
    """By the version of `before`, with the tally; returns it as stored. Raises VersionConflict."""
    stored = replace(chunk, version=before.version + 1)
    updated = connection.execute(
        f"UPDATE chunks SET version = ?, next_check_at = ?, progress = ?"  # noqa: S608  no value
        f" WHERE {_REF} AND version = ?",
        (*_columns(stored), *_key(chunk.ref), before.version),
    )
    if updated.rowcount == 0:
        raise VersionConflict(f"chunk {chunk.ref}")
    change = chunk.tally_change(before)
    if change is not None:
        move_tally(connection, chunk.ref.campaign_id, change, chunk.finished_since(before))
    return stored


def update_recipients(connection: sqlite3.Connection, chunk: Chunk) -> None:
    """The manifest, in the transaction that checks the version."""
    connection.execute(
        f"UPDATE chunk_manifests SET recipients = ? WHERE {_REF}",  # noqa: S608  no value
        (encode(chunk.recipients), *_key(chunk.ref)),
    )


def _key(ref: ChunkRef) -> tuple[object, ...]:
    return ref.campaign_id, ref.range_number, ref.number


def _columns(chunk: Chunk) -> tuple[object, ...]:
    return (
        chunk.version,
        optional_to_column(chunk.next_check_at),
        encode(replace(chunk, recipients=())),
    )
