"""The shift leader's hall: what it shows and hears, acts on the seats of others, and notices with their readers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from agent_console.client import CommandRefused
from agent_console.messages.seats import ExtendWrapUp, MakeReady, SignInSeat, SignOutSeat
from agent_console.messages.supervision import EndWrapUp, ForcePause, ForceReady, ForceSignOut, ReadNotice, SendNotice
from asr.audio import Leg
from backend.calls.captions import CaptionLine, SaidNow
from backend.identity.models import AuditEntry
from backend.kernel import clock
from backend.notices.models import Notice
from backend.seats.schemas import PauseReason, SeatState
from telephony import facts as f

from .hall import Console, ConsoleHall, answered, ringing

pytestmark = pytest.mark.integration

CALL = "c1"


async def audited(hall: ConsoleHall, action: str) -> list[AuditEntry]:
    async with hall.database.transaction() as tx:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.entry_id)
        return list((await tx.session.execute(query)).scalars())


def seat_now(console: Console, seat: str) -> tuple[SeatState, PauseReason | None, str | None]:
    last = [body.seat for body in console.kinds("seat_changed") if body.seat.seat == seat][-1]
    return last.state, last.reason, last.pending


async def test_a_call_is_in_the_hall_from_its_arrival_to_its_end(hall: ConsoleHall) -> None:
    async with hall.console("boss") as boss, hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing(CALL, "8001")[:2])
        await hall.all_heard(boss)
        await hall.tell(ringing(CALL, "8001")[2])
        await hall.tell(answered(CALL, "8001"))
        held = f.CallHeld(at=clock.now(), call_id=CALL, seat="8001")
        await hall.tell(held)
        await hall.all_heard(boss)
        shown = [body.call for body in boss.kinds("hall_call_changed")]
        assert (shown[0].stage, shown[0].seat, shown[0].caller.number) == ("queued", None, "138****1234")
        assert (shown[-1].stage, shown[-1].seat, shown[-1].agent_name) == ("answered", "8001", "王芳")
        assert shown[-1].held_since == held.at
        async with hall.console("boss") as again:
            state = again.welcomes[0].hall
            assert state.calls == [shown[-1]]
            assert (state.seats[0].seat, state.seats[0].state) == ("8001", SeatState.TALKING)
        await hall.tell(
            f.CallEnded(
                at=clock.now(), call_id=CALL, outcome=f.CallOutcome.ANSWERED, hung_up_by=f.Party.CALLER, cause=16
            )
        )
        await hall.all_heard(boss, wang)
        assert [body.call_id for body in boss.kinds("hall_call_gone")][-1] == CALL
        assert wang.kinds("hall_call_changed", "hall_call_gone") == []
        assert wang.welcomes[0].hall is None


async def test_a_ring_that_nobody_took_is_told_to_the_shift_leader(hall: ConsoleHall) -> None:
    async with hall.console("boss") as boss, hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing(CALL, "8001"))
        unanswered = f.SeatRingEnded(at=clock.now(), call_id=CALL, seat="8001", outcome=f.RingOutcome.NO_ANSWER)
        await hall.tell(unanswered)
        await hall.all_heard(boss, wang)
        (missed,) = [body.alert for body in boss.kinds("seat_alert")]
        assert (missed.seat, missed.agent_name, missed.call_id, missed.reason) == ("8001", "王芳", CALL, "no_answer")
        assert wang.kinds("seat_alert") == []
        async with hall.console("boss") as again:
            assert again.welcomes[0].hall.alerts == [missed]


async def test_a_line_that_died_in_a_call_pauses_the_seat_and_is_told_to_the_shift_leader(hall: ConsoleHall) -> None:
    async with hall.console("boss") as boss, hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing(CALL, "8001"), answered(CALL, "8001"))
        lost = f.LegLost(at=clock.now(), call_id=CALL, seat="8001", loss=f.Loss.SILENT)
        over = f.TalkEnded(at=clock.now(), call_id=CALL, seat="8001", ended_by=f.Party.LINE)
        await hall.tell(lost, over, f.CallQueued(at=clock.now(), call_id=CALL, queue="q96010", position=1))
        await hall.all_heard(boss, wang)
        (alert,) = [body.alert for body in boss.kinds("seat_alert")]
        assert (alert.seat, alert.agent_name, alert.call_id, alert.reason) == ("8001", "王芳", CALL, "line_lost")
        seat = wang.kinds("seat_changed")[-1].seat
        assert (seat.state, seat.reason, seat.call_id) == ("paused", "line_lost", None)
        call = boss.kinds("hall_call_changed")[-1].call
        assert (call.call_id, call.stage, call.seat) == (CALL, "queued", None)
        await wang.command(MakeReady(id=0))


async def test_a_seat_is_moved_by_force_and_its_agent_is_told_by_whom(hall: ConsoleHall) -> None:
    async with hall.console("boss") as boss, hall.console("wang") as wang, hall.console("li") as li:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(li, "8002")
        await boss.command(ForcePause(id=0, seat="8001", reason=PauseReason.MEETING))
        await boss.command(ForceReady(id=0, seat="8001"))
        await hall.all_heard(wang, li, boss)
        moves = [(body.seat.state, body.seat.reason) for body in wang.kinds("seat_changed")][-2:]
        assert moves == [(SeatState.PAUSED, PauseReason.MEETING), (SeatState.READY, None)]
        told = [(body.forced.act, body.forced.reason, body.forced.by) for body in wang.kinds("seat_forced")]
        assert told == [("pause", "meeting", "班长"), ("ready", None, "班长")]
        assert li.kinds("seat_forced") == []
    entries = await audited(hall, "seat_forced")
    assert [(entry.username, entry.object_id, entry.detail["act"], entry.detail["agent"]) for entry in entries] == [
        ("boss", "8001", "pause", "王芳"),
        ("boss", "8001", "ready", "王芳"),
    ]


async def test_during_a_call_force_takes_effect_after_it_and_a_wrap_up_can_be_ended(hall: ConsoleHall) -> None:
    async with hall.console("boss") as boss, hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing(CALL, "8001"), answered(CALL, "8001"))
        await boss.command(ForceSignOut(id=0, seat="8001"))
        await hall.all_heard(boss)
        assert seat_now(boss, "8001") == (SeatState.TALKING, None, "sign_out")
        await hall.tell(f.TalkEnded(at=clock.now(), call_id=CALL, seat="8001", ended_by=f.Party.CALLER))
        await wang.command(ExtendWrapUp(id=0))
        await boss.command(EndWrapUp(id=0, seat="8001"))
        await hall.all_heard(boss, wang)
        assert seat_now(boss, "8001") == (SeatState.OFFLINE, None, None)
        assert [body.seat.user_id for body in wang.kinds("seat_changed")][-1] is None


@pytest.mark.parametrize(
    ("command", "why"),
    [
        (ForcePause(id=0, seat="8002", reason=PauseReason.REST), "NobodyAtSeat"),
        (ForcePause(id=0, seat="9999", reason=PauseReason.REST), "SeatUnknown"),
        (ForcePause(id=0, seat="8001", reason=PauseReason.NO_ANSWER), "PauseReasonReserved"),
        (ForceReady(id=0, seat="8001"), "PhoneNotRegistered"),
        (EndWrapUp(id=0, seat="8001"), "NotInWrapUp"),
        (SendNotice(id=0, notice_id=uuid4(), text="在吗", seats=["9999"]), "NobodyToTell"),
        (ReadNotice(id=0, notice_id=uuid4()), "NoticeUnknown"),
    ],
)
async def test_what_cannot_be_done_is_named_and_leaves_no_trace(
    hall: ConsoleHall, command: ForcePause, why: str
) -> None:
    async with hall.console("boss") as boss, hall.console("wang") as wang:
        await wang.command(SignInSeat(id=0, seat="8001"))
        before = await hall.newest()
        console = wang if isinstance(command, ReadNotice) else boss
        with pytest.raises(CommandRefused) as refused:
            await console.command(command)
        assert refused.value.reason == why
        assert await hall.newest() == before
    assert await audited(hall, "seat_forced") == await audited(hall, "notice_sent") == []


async def test_a_notice_reaches_who_sits_there_and_its_sender_sees_who_read_it(hall: ConsoleHall) -> None:
    async with hall.console("boss") as boss, hall.console("wang") as wang, hall.console("li") as li:
        await wang.command(SignInSeat(id=0, seat="8001"))
        await li.command(SignInSeat(id=0, seat="8002"))
        notice = SendNotice(id=0, notice_id=uuid4(), text=" 今晚有雨，注意积水来电。 ", seats=["8001"])
        sent = await boss.command(notice)
        assert await boss.command(notice) == sent
        with pytest.raises(CommandRefused, match="another text"):
            await boss.command(notice.model_copy(update={"text": "别的"}))
        await boss.command(SendNotice(id=0, notice_id=uuid4(), text="全体注意"))
        await hall.all_heard(wang, li)
        assert [body.notice.text for body in wang.kinds("notice_arrived")] == ["今晚有雨，注意积水来电。", "全体注意"]
        assert [body.notice.text for body in li.kinds("notice_arrived")] == ["全体注意"]
        first = await wang.command(ReadNotice(id=0, notice_id=notice.notice_id))
        assert await wang.command(ReadNotice(id=0, notice_id=notice.notice_id)) == first
        await hall.all_heard(boss, li)
        (receipt,) = [body.receipt for body in boss.kinds("notice_read")]
        assert (receipt.seat, receipt.agent_name) == ("8001", "王芳")
        assert li.kinds("notice_read") == []
        async with hall.console("wang") as another_tab, hall.console("boss") as again:
            assert [one.read_at is None for one in another_tab.welcomes[0].notices] == [True, False]
            to_all, to_one = again.welcomes[0].hall.notices
            assert [one.read_at for one in to_one.receipts] == [receipt.read_at]
            assert [(one.seat, one.read_at) for one in to_all.receipts] == [("8001", None), ("8002", None)]
    assert len(await audited(hall, "notice_sent")) == 2


async def test_who_sits_down_while_a_notice_holds_gets_it_once(hall: ConsoleHall) -> None:
    now = clock.now()
    async with hall.console("boss") as boss, hall.console("wang") as wang, hall.console("li") as li:
        to_all = SendNotice(id=0, notice_id=uuid4(), text="全体注意", minutes=60)
        to_one = SendNotice(id=0, notice_id=uuid4(), text="8001 注意", seats=["8001"], minutes=60)
        short = SendNotice(id=0, notice_id=uuid4(), text="马上开会", minutes=10)
        for notice in (to_all, to_one, short):
            sent = await boss.command(notice)
            assert sent["receipts"] == []
        async with hall.database.transaction() as tx:  # the short one has ended meanwhile
            await tx.session.execute(update(Notice).where(Notice.text == short.text).values(ends_at=now))
        await wang.command(SignInSeat(id=0, seat="8001"))
        await li.command(SignInSeat(id=0, seat="8002"))
        await hall.all_heard(wang, li, boss)
        assert [body.notice.text for body in wang.kinds("notice_arrived")] == ["全体注意", "8001 注意"]
        assert [body.notice.text for body in li.kinds("notice_arrived")] == ["全体注意"]
        read_by = [body.notice for body in boss.kinds("notice_sent") if body.notice.to_all][-1].receipts
        assert [(one.agent_name, one.read_at) for one in read_by] == [("王芳", None), ("李强", None)]
        await wang.command(ReadNotice(id=0, notice_id=to_all.notice_id))
        await wang.command(SignOutSeat(id=0))
        await wang.command(SignInSeat(id=0, seat="8003"))
        await hall.all_heard(wang)
        assert len(wang.kinds("notice_arrived")) == 2
        async with hall.console("boss") as again, hall.console("wang") as another_tab:
            listed = {one.text: one for one in again.welcomes[0].hall.notices}
            assert listed.keys() == {"全体注意", "8001 注意", "马上开会"}
            assert [one.read_at is None for one in listed["全体注意"].receipts] == [False, True]
            assert [one.text for one in another_tab.welcomes[0].notices] == ["8001 注意", "全体注意"]


def said(text: str, line: int, seat: str = "8001", call_id: str = CALL) -> SaidNow:
    told = CaptionLine(leg=Leg.CALLER, line=f"tap/{line}", text=text, from_ms=0, to_ms=1, at=clock.now(), final=True)
    return SaidNow(seat=seat, call_id=call_id, line=told)


async def test_whoever_listens_reads_the_captions_for_as_long_as_the_record_says_so(hall: ConsoleHall) -> None:
    hub, board = hall.app.state.hub, Path("board")
    listening = {"call_id": CALL, "seat": "8001", "by_seat": "8002"}
    told: list[str] = []

    def speak(*texts: str) -> None:
        for text in texts:
            hub.captions.take(board, said(text, len(told)), hub.tell_captions)
            told.append(text)

    async with hall.console("boss") as boss, hall.console("qa") as other, hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.take_seat(boss, "8002")
        await hall.tell(*ringing(CALL, "8001"), answered(CALL, "8001"))
        await hall.all_heard(boss)
        speak("我要反映")
        await hall.tell(f.SupervisionBegan(at=clock.now(), **listening, mode=f.SpyMode.LISTEN, channel="PJSIP/8002-1"))
        await hall.all_heard(boss)
        speak("路灯坏了")
        hub.captions.take(board, said("别的电话", 9, "8003", "another"), hub.tell_captions)
        async with hall.console("boss") as again:  # another tab, or one that was away
            await hall.all_heard(again)
            assert again.captions == ["我要反映", "路灯坏了"]
        await hall.tell(f.SupervisionEnded(at=clock.now(), **listening))
        await hall.all_heard(boss)
        speak("再见")
        await hall.all_heard(boss, other, wang)
        assert boss.captions == ["我要反映", "路灯坏了"]
        assert other.captions == []
        assert wang.captions == ["我要反映", "路灯坏了", "再见"]


@pytest.mark.parametrize("shown", [False, True])
async def test_an_agent_sees_a_supervisor_only_where_the_hall_shows_it(
    hall: ConsoleHall, shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    hall.app.state.console = replace(hall.app.state.console, show_supervision=shown)
    calls = hall.app.state.hub._renderers["hall_call"].__self__
    monkeypatch.setattr(calls, "_show_supervision", shown)
    began = f.SupervisionBegan(
        at=clock.now(), call_id=CALL, seat="8001", by_seat="8002", mode=f.SpyMode.LISTEN, channel="PJSIP/8002-1"
    )
    async with hall.console("boss") as boss, hall.console("wang") as wang:
        await hall.take_seat(wang, "8001")
        await hall.tell(*ringing(CALL, "8001"), answered(CALL, "8001"))
        await hall.tell(began)
        await hall.all_heard(boss, wang)
        seen = [[(one.by_seat, one.mode) for one in body.supervisors] for body in wang.kinds("call_supervised")]
        assert seen == ([[("8002", "listen")]] if shown else [])
        async with hall.console("wang") as another_tab:
            there = [one.by_seat for one in another_tab.welcomes[0].supervisors]
            assert there == (["8002"] if shown else [])
        ((supervisor,),) = [body.call.supervisors for body in boss.kinds("hall_call_changed")][-1:]
        assert (supervisor.by_seat, supervisor.mode, supervisor.since) == ("8002", "listen", began.at)
        await hall.tell(f.SupervisionEnded(at=clock.now(), call_id=CALL, seat="8001", by_seat="8002"))
        await hall.all_heard(boss, wang)
        assert [body.supervisors for body in wang.kinds("call_supervised")][1:] == ([[]] if shown else [])
