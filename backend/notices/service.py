"""Sending a notice to the people at the seats, and reading it. A receipt is unread until its reader says so, once."""

from __future__ import annotations

from collections.abc import Sequence
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

SHOWN_FOR = timedelta(hours=24)
"""How long a notice is shown; it stands in the record for good."""
_MOST = 20
_SENDERS = "permission:notices.send"


async def send(
    tx: Transaction, who: Principal, notice_id: UUID, text: str, to: Sequence[str] | None, now: datetime
) -> SentNotice:
    """Tell everybody who sits at these seats (None: at any). The same `notice_id` sends once.

    Raises `NobodyToTell` when nobody sits there, `NoticeReused` when the id stands for another text.
    """
    if (before := await _sent_before(tx, who, notice_id, text)) is not None:
        return before
    readers = [seated for seated in await seats.all_seats(tx) if _is_reader(seated, who, to)]
    if not readers:
        raise NobodyToTell(
            "Nobody sits at these seats.", kept="The text is still on the screen.", next_step="Choose other seats."
        )
    notice = Notice(
        notice_id=notice_id,
        text=text,
        to_all=to is None,
        sent_by=who.user_id,
        sender_name=who.display_name,
        sent_at=now,
    )
    receipts = [
        NoticeReceipt(
            notice_id=notice_id, user_id=seated.user_id, seat=seated.seat, agent_name=seated.agent_name or "",
            read_at=None,
        )
        for seated in readers
    ]  # fmt: skip
    if not await repository.add(tx, notice, receipts):
        return await send(tx, who, notice_id, text, to, now)  # another copy of the request was quicker
    sent = _sent(notice, receipts)
    await audit.record(
        tx, who, "notice_sent", "notice", notice_id, {"text": text, "seats": [each.seat for each in receipts]}, at=now
    )
    to_readers = [f"user:{each.user_id}" for each in receipts]
    arrived = _received(notice, receipts[0]).model_dump(mode="json")
    tx.emit("notice_arrived", entity=str(notice_id), audience=to_readers, payload=arrived, at=now)
    tx.emit("notice_sent", entity=str(notice_id), audience=[_SENDERS], payload=sent.model_dump(mode="json"), at=now)
    return sent


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
    """What this person was sent lately, newest first."""
    found = await repository.of_reader(tx, who.user_id, now - SHOWN_FOR, _MOST)
    return [_received(notice, receipt) for notice, receipt in found]


async def sent_lately(tx: Transaction, now: datetime) -> list[SentNotice]:
    """The notices of the last day with their readers, newest first, whoever sent them."""
    found = await repository.with_receipts(tx, since=now - SHOWN_FOR, limit=_MOST)
    return [_sent(notice, receipts) for notice, receipts in found]


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


def _received(notice: Notice, receipt: NoticeReceipt) -> NoticeView:
    return NoticeView(
        notice_id=notice.notice_id,
        text=notice.text,
        sender_name=notice.sender_name,
        sent_at=notice.sent_at,
        read_at=receipt.read_at,
    )


def _sent(notice: Notice, receipts: Sequence[NoticeReceipt]) -> SentNotice:
    return SentNotice(
        notice_id=notice.notice_id,
        text=notice.text,
        sender_name=notice.sender_name,
        sent_at=notice.sent_at,
        to_all=notice.to_all,
        receipts=[_receipt(each) for each in receipts],
    )
