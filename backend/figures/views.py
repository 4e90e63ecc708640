"""Figures as messages."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.calls import measures
from backend.figures import schemas
from backend.figures.board import Board
from backend.figures.tally import Average, CallTally, SeatTally, Share
from telephony.pbx.settings import PbxSettings


@dataclass(frozen=True, slots=True)
class Groups:
    """What queues are called, which skill each asks for, what skills are called, and where each number leads."""

    queues: Mapping[str, str]
    skill_of: Mapping[str, str]
    skills: Mapping[str, str]
    queue_of_number: Mapping[str, str]

    @classmethod
    def of(cls, pbx: PbxSettings) -> Groups:
        """As the configuration names them."""
        return cls(
            {queue.name: queue.title for queue in pbx.queues},
            {queue.name: queue.skill for queue in pbx.queues},
            {skill.name: skill.title for skill in pbx.skills},
            {number.number: number.queue for number in pbx.all_numbers},
        )


def figures_view(
    board: Board, agents: Mapping[str, Sequence[str]], groups: Groups, *, short_ms: int
) -> schemas.FiguresView:
    """The whole board; `agents` are the names of those who sat at each seat."""
    by_skill: defaultdict[str, list[CallTally]] = defaultdict(list)
    for queue, tally in board.queues.items():
        by_skill[groups.skill_of.get(queue, queue)].append(tally)
    skills = {skill: CallTally.sum(tallies) for skill, tallies in by_skill.items()}
    return schemas.FiguresView(
        since=board.span.since,
        until=board.span.until,
        target_ms=measures.ANSWER_TARGET_MS,
        short_ms=short_ms,
        total=call_figures(board.total),
        queues=_groups(board.queues, groups.queues),
        skills=_groups(skills, groups.skills),
        seats=[
            seat_figures(seat, agents.get(seat, ()), tally) for seat, tally in board.seats.items() if tally.staffed_ms
        ],
        curve=[
            schemas.CurvePoint(
                at=at, offered=tally.offered, answered=tally.answered, within_target=share_view(tally.in_target)
            )
            for at, tally in board.curve.items()
        ],
        measures=[schemas.MeasureView.model_validate(measure) for measure in measures.MEASURES],
    )


def _groups(tallies: Mapping[str, CallTally], titles: Mapping[str, str]) -> list[schemas.GroupFigures]:
    return [
        schemas.GroupFigures(name=name, title=titles.get(name, ""), figures=call_figures(tally))
        for name, tally in sorted(tallies.items())
    ]


def call_figures(tally: CallTally) -> schemas.CallFigures:
    """Calls, and every rate of them."""
    return schemas.CallFigures(
        offered=tally.offered,
        answered=tally.answered,
        abandoned=tally.abandoned,
        short=tally.short,
        callbacks_asked=tally.callbacks_asked,
        within_target=share_view(tally.in_target),
        connection=share_view(tally.connection),
        abandonment=share_view(tally.abandonment),
        speed_of_answer=average_view(tally.speed_of_answer),
        talk=average_view(tally.talk),
        hold=average_view(tally.hold),
        wrap_up=average_view(tally.wrap_up),
        handling=average_view(tally.handling),
        longest_wait_ms=tally.longest_wait_ms if tally.decided else None,
    )


def seat_figures(seat: str, agents: Sequence[str], tally: SeatTally) -> schemas.SeatFigures:
    """One seat."""
    return schemas.SeatFigures(
        seat=seat,
        agents=list(agents),
        talks=tally.talks,
        missed=tally.missed,
        occupancy=share_view(tally.occupancy),
        talk=average_view(tally.talk),
        hold=average_view(tally.hold),
        wrap_up=average_view(tally.wrap_up),
        handling=average_view(tally.handling),
        ready_ms=tally.ready_ms,
        paused_ms=tally.paused_ms,
    )


def share_view(share: Share) -> schemas.ShareView:
    """A share with both its sides."""
    return schemas.ShareView(part=share.part, whole=share.whole, share=measures.share(share.part, share.whole))


def average_view(average: Average) -> schemas.AverageView:
    """An average with what it is of."""
    mean = round(average.total_ms / average.over) if average.over else None
    return schemas.AverageView(average_ms=mean, count=average.over)
