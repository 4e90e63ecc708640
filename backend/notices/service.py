"""Sending a notice to the people at the seats, and reading it. A receipt is unread until its reader says so, once.

Until it ends a notice also goes to those who sit down later: at its seats, or anywhere when it was sent to all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from backend.identity import audit
from backend.identity.principal import Principal
from backend.kernel.database import Transaction
from backend.notices import repository
from backend.notices.errors import NobodyToTell, NoticeReused, NoticeUnknown
from backend.notices.models import Notice, NoticeReceipt
from backend.notices.schemas import NoticeView, Receipt, SentNotice
from backend.seats import repository as seats
from backend.seats.seating import Seated

LISTED_FOR = timedelta(hours=24)
"""How long its senders still see a notice that has ended; it stands in the record for good."""
_MOST = 20
_SENDERS = "permission:notices.send"


@dataclass(frozen=True, slots=True)
class NoticeWish:
    """What is to be told, to which seats (None: all), and for how long; `notice_id` is made by the client."""

    notice_id: UUID
    text: str
    seats: Sequence[str] | None
    lasts: timedelta


async def send(tx: Transaction, who: Principal, wish: NoticeWish, now: datetime) -> SentNotice:
    """Tell everybody who sits at these seats now or until the notice ends. The same `notice_id` sends once.

    Raises `NobodyToTell` when there are no such seats, `NoticeReused` when the id stands for another text.
    """
    await repository.one_at_a_time(tx)
    notice_id, text, to = wish.notice_id, wish.text, wish.seats
    if (before := await _sent_before(tx, who, notice_id, text)) is not None:
        return before
    all_seats = await seats.all_seats(tx)
    if to is not None and not {seated.seat for seated in all_seats} & set(to):
        raise NobodyToTell(
            "There are no such seats.", kept="The text is still on the screen.", next_step="Choose other seats."
        )
    readers = [seated for seated in all_seats if _is_reader(seated, who, to)]
    notice = Notice(
        notice_id=notice_id,
        text=text,
        to_all=to is None,
        seats=sorted(set(to or ())),
        sent_by=who.user_id,
        sender_name=who.display_name,
        sent_at=now,
        ends_at=now + wish.lasts,
    )
    receipts = [
        NoticeReceipt(
            notice_id=notice_id, user_id=seated.user_id, seat=seated.seat, agent_name=seated.agent_name or "",
            read_at=None,
        )
        for seated in readers
    ]  # fmt: skip
    await repository.add(tx, notice, receipts)
    await audit.record(
        tx, who, "notice_sent", "notice", notice_id, {"text": text, "seats": [each.seat for each in receipts]}, at=now
    )
    return _tell(tx, notice, receipts, receipts, now)


async def hand_out(tx: Transaction, who: Principal, seat: str, now: datetime) -> None:
    """Give who sits down at this seat the notices that have not ended; those that they had already stay as they are."""
    await repository.one_at_a_time(tx)
    for notice in await repository.valid(tx, seat, now):
        receipt = NoticeReceipt(
            notice_id=notice.notice_id, user_id=who.user_id, seat=seat, agent_name=who.display_name, read_at=None
        )
        if notice.sent_by != who.user_id and await repository.hand_out(tx, receipt):
            ((_, receipts),) = await repository.with_receipts(tx, notice_id=notice.notice_id)
            _tell(tx, notice, receipts, [receipt], now)


async def read(tx: Transaction, who: Principal, notice_id: UUID, now: datetime) -> Receipt:
    """Note that this person has read it; the first time counts. Raises `NoticeUnknown`."""
    first = await repository.mark_read(tx, notice_id, who.user_id, now)
    found = await repository.receipt(tx, notice_id, who.user_id)
    if found is None:
        raise NoticeUnknown("There is no such notice to you.")
    receipt = _receipt(found)
    if first:
        payload = {"notice_id": str(notice_id), "receipt": receipt.model_dump(mode="json")}
        audience = [_SENDERS, f"user:{who.user_id}"]
        tx.emit("notice_read", entity=str(notice_id), audience=audience, payload=payload, at=now)
    return receipt


async def notices_for(tx: Transaction, who: Principal, now: datetime) -> list[NoticeView]:
    """What this person was sent and has not ended, newest first."""
    found = await repository.of_reader(tx, who.user_id, now, _MOST)
    return [_received(notice, receipt) for notice, receipt in found]


async def sent_lately(tx: Transaction, now: datetime) -> list[SentNotice]:
    """The notices that hold, or did within the last day, with their readers, newest first, whoever sent them."""
    found = await repository.with_receipts(tx, since=now - LISTED_FOR, limit=_MOST)
    return [_sent(notice, receipts) for notice, receipts in found]


def _tell(
    tx: Transaction, notice: Notice, receipts: Sequence[NoticeReceipt], fresh: Sequence[NoticeReceipt], now: datetime
) -> SentNotice:
    """To whom a notice is new that it arrived, and to its senders how it stands."""
    sent, entity = _sent(notice, receipts), str(notice.notice_id)
    if fresh:
        to_readers = [f"user:{each.user_id}" for each in fresh]
        arrived = _received(notice, None).model_dump(mode="json")
        tx.emit("notice_arrived", entity=entity, audience=to_readers, payload=arrived, at=now)
    tx.emit("notice_sent", entity=entity, audience=[_SENDERS], payload=sent.model_dump(mode="json"), at=now)
    return sent


def _is_reader(seated: Seated, who: Principal, to: Sequence[str] | None) -> bool:
    there = seated.user_id not in (None, who.user_id)
    return there and (to is None or seated.seat in to)


async def _sent_before(tx: Transaction, who: Principal, notice_id: UUID, text: str) -> SentNotice | None:
    found = await repository.with_receipts(tx, notice_id=notice_id)
    if not found:
        return None
    ((notice, receipts),) = found
    if (notice.sent_by, notice.text) != (who.user_id, text):
        raise NoticeReused("This notice was sent before with another text.", next_step="Send it as a new notice.")
    return _sent(notice, receipts)


def _receipt(receipt: NoticeReceipt) -> Receipt:
    return Receipt.model_validate(receipt)


def _received(notice: Notice, receipt: NoticeReceipt | None) -> NoticeView:
    return NoticeView(
        notice_id=notice.notice_id,
        text=notice.text,
        sender_name=notice.sender_name,
        sent_at=notice.sent_at,
        ends_at=notice.ends_at,
        read_at=None if receipt is None else receipt.read_at,
    )


def _sent(notice: Notice, receipts: Sequence[NoticeReceipt]) -> SentNotice:
    return SentNotice(
        notice_id=notice.notice_id,
        text=notice.text,
        sender_name=notice.sender_name,
        sent_at=notice.sent_at,
        ends_at=notice.ends_at,
        to_all=notice.to_all,
        receipts=[_receipt(each) for each in receipts],
    )
