"""Append events in one round trip, and tell small ones in the notification itself.

A pop-up waits for the commit that holds its event, and then for the hub to read it. The function takes the lock,
numbers the events and notifies in one statement; the notification carries the events themselves where they fit
(PostgreSQL allows 8000 bytes), with the number that came before them, so that a listener that has that number knows
that it misses nothing and need not read the table.

Revision: 0003, after 0002.
"""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        CREATE FUNCTION append_events(appended jsonb, OUT newest bigint) LANGUAGE plpgsql AS $$
        DECLARE
            before bigint;
            told jsonb;
            notice text;
        BEGIN
            PERFORM pg_advisory_xact_lock(960100001);
            SELECT coalesce(max(seq), 0) INTO before FROM events;
            WITH numbered AS (
                INSERT INTO events (at, topic, entity, audience, payload)
                SELECT (e->>'at')::timestamptz, e->>'topic', e->>'entity',
                       ARRAY(SELECT jsonb_array_elements_text(e->'audience')), e->'payload'
                FROM jsonb_array_elements(appended) WITH ORDINALITY AS given(e, n) ORDER BY n
                RETURNING seq, at, topic, entity, audience, payload
            )
            SELECT max(seq), jsonb_agg(to_jsonb(numbered) ORDER BY seq) INTO newest, told FROM numbered;
            notice := jsonb_build_object('after', before, 'seq', newest, 'events', told)::text;
            IF octet_length(notice) > 7900 THEN
                notice := jsonb_build_object('after', before, 'seq', newest)::text;
            END IF;
            PERFORM pg_notify('hotline_events', notice);
        END
        $$
    """)


def downgrade() -> None:
    op.execute("DROP FUNCTION append_events(jsonb)")
