"""What happened on the PBX, as past-tense facts: the only things that leave the telephony side.

A fact has a stable `kind` (snake_case of its class name) and goes to JSON and back without loss. `at` is when it
happened by the PBX, on whose machine we are (UTC); `recovered` says that the fact was found by re-synchronisation, so
`at` is when it was noticed and not when it happened.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, Self, get_type_hints

from backend.kernel.errors import HotlineError


class FactUnreadable(HotlineError):
    """A stored fact has an unknown kind or lacks a field: it was written by another version."""


class RingOutcome(StrEnum):
    """Why a seat's phone stopped ringing without being answered."""

    NO_ANSWER = "no_answer"
    REFUSED = "refused"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    CANCELED = "canceled"
    ANSWERED_ELSEWHERE = "answered_elsewhere"


class CallOutcome(StrEnum):
    """How a call ended; `busy` and `no_answer` occur on calls that a seat placed, the rest on calls of citizens too.

    `handed_over` is a citizen's call that went on at another PBX host before anybody here had talked to him.
    """

    ANSWERED = "answered"
    HANDED_OVER = "handed_over"
    ABANDONED = "abandoned"
    NO_SEAT = "no_seat"
    REJECTED = "rejected"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"


class Party(StrEnum):
    """Who ended a talk or a call; `line` is nobody: the seat's leg was lost (see LegLost)."""

    CALLER = "caller"
    SEAT = "seat"
    TRANSFER = "transfer"
    LINE = "line"
    SYSTEM = "system"
    PBX_RESTART = "pbx_restart"
    UNKNOWN = "unknown"


class Loss(StrEnum):
    """How the PBX noticed that a leg was lost: no sound came from it any more, or its phone no longer replied."""

    SILENT = "silent"
    UNREACHABLE = "unreachable"


class ConsultOutcome(StrEnum):
    """How a consultation ended: the talk was over, the citizen was handed to who was consulted, nobody answered."""

    OVER = "over"
    TRANSFERRED = "transferred"
    UNANSWERED = "unanswered"


class TransferMode(StrEnum):
    """Blind: handed over unannounced. Attended: after a consultation. Take-over: a supervisor took it from the seat."""

    BLIND = "blind"
    ATTENDED = "attended"
    TAKE_OVER = "take_over"


class SpyMode(StrEnum):
    """How a supervisor takes part in a call: hears it, speaks to the seat alone, or speaks to both."""

    LISTEN = "listen"
    WHISPER = "whisper"
    BARGE = "barge"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that happened. Compare by value; store by `kind` and `as_payload()`."""

    kind: ClassVar[str] = "fact"
    at: datetime
    recovered: bool = False

    def __init_subclass__(cls) -> None:
        cls.kind = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        KINDS[cls.kind] = cls

    def as_payload(self) -> dict[str, Any]:
        """The fact as JSON values; `from_payload(kind, payload)` gives an equal fact back."""
        payload = {field.name: getattr(self, field.name) for field in fields(self)}
        payload["at"] = self.at.isoformat(timespec="microseconds")
        return payload

    @classmethod
    def _read(cls, payload: dict[str, Any]) -> Self:
        hints = get_type_hints(cls)
        known = {
            field.name: _decode(hints[field.name], payload[field.name])
            for field in fields(cls)
            if field.name in payload
        }
        return cls(**known)


KINDS: dict[str, type[Fact]] = {}


def from_payload(kind: str, payload: dict[str, Any]) -> Fact:
    """The fact that was stored under `kind`. Unknown keys are ignored, so older code reads newer rows.

    Raises FactUnreadable when the kind is unknown or the payload does not fit it.
    """
    cls = KINDS.get(kind)
    if cls is None or cls in (CallFact, SeatFact):
        raise FactUnreadable(f"No fact is called {kind!r}.", field="kind")
    try:
        return cls._read(payload)
    except (TypeError, ValueError) as error:
        raise FactUnreadable(f"The stored fact {kind!r} cannot be read: {error}.", field="payload") from error


def _decode(hint: Any, value: Any) -> Any:
    if hint is datetime:
        return datetime.fromisoformat(value)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint(value)
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFact(Fact):
    """A fact of one call. `call_id` is the Linkedid of the channel that began it."""

    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived(CallFact):
    """A citizen's call reached the PBX.

    `caller_number` is the text that the network sent; `caller_known` tells whether it is a number that can be called
    back, which it is not for an anonymous or garbled caller.
    """

    caller_number: str
    caller_known: bool
    caller_name: str
    dialed_number: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPlaced(CallFact):
    """A seat is dialling out to `number`, who sees `shown_number`. `channel` is the leg to the outside."""

    seat: str
    number: str
    shown_number: str
    channel: str
    seat_channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued(CallFact):
    """The caller waits in `queue` at `position` (1 = next)."""

    queue: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLeftQueue(CallFact):
    """The caller no longer waits and nobody answered.

    `reason` is `abandoned` when he hung up, `gave_up` when the queue let him go, else the PBX's own word for why it
    did not take him (joinempty, full ...).
    """

    queue: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRinging(CallFact):
    """The call rings at `seat`; `asked_by` is the seat that wants to consult it, empty when the citizen is to talk."""

    seat: str
    channel: str
    asked_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatRingEnded(CallFact):
    """The phone of `seat` stopped ringing without having been answered."""

    seat: str
    outcome: RingOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAnswered(CallFact):
    """`seat` and the citizen talk. A call that is transferred is answered once by each seat."""

    seat: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHeld(CallFact):
    """`seat` put the citizen on hold."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResumed(CallFact):
    """`seat` took the citizen off hold."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatMuted(CallFact):
    """Nobody hears `seat` from now on; told of a phone that is muted by the PBX, a browser mutes itself."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatUnmuted(CallFact):
    """`seat` is heard again."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTakenBack(CallFact):
    """`seat` goes on talking over a new `channel`: its page was loaded anew, or another page took the phone over."""

    seat: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LegLost(CallFact):
    """The leg of `seat` in the call is gone and nobody hung up: its page, its phone, its machine or its network died.

    A citizen who talked there goes back to those who wait (`line-lost` in `extensions.conf`).
    """

    seat: str
    loss: Loss


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultBegan(CallFact):
    """During the call `seat` dials `to`, a seat, a queue or an outside number, over its second leg `channel`."""

    seat: str
    to: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAnswered(CallFact):
    """`asked_by` and `seat` consult each other; `seat` is empty when it is somebody outside the hall."""

    seat: str
    asked_by: str
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultHeld(CallFact):
    """`asked_by` lets `seat`, whom it consults (empty: somebody outside), wait on hold."""

    seat: str
    asked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultResumed(CallFact):
    """`asked_by` and `seat`, whom it consults, hear each other again."""

    seat: str
    asked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultEnded(CallFact):
    """The consultation that `asked_by` began is over; `seat` is who was consulted, empty for nobody or an outsider.

    `together_ms` is how long the citizen was part of the talk, all three together.
    """

    seat: str
    asked_by: str
    outcome: ConsultOutcome
    together_ms: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CallTransferred(CallFact):
    """`from_seat` handed the call to `to`: a seat, a queue or an outside number."""

    from_seat: str
    to: str
    mode: TransferMode


@dataclass(frozen=True, slots=True, kw_only=True)
class CallHandedOver(CallFact):
    """The citizen goes on at the PBX `host`, to its queue or seat `to`; his leg here lasts as long as he is there."""

    host: str
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCameBack(CallFact):
    """The PBX `host` did not take the citizen, who waits on here."""

    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallContinues(CallFact):
    """This call is the rest of `first_call_id`, which another PBX host handed over after `waited_ms`.

    `talked` tells that somebody there had talked to the citizen already.
    """

    first_call_id: str
    waited_ms: int
    talked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded(CallFact):
    """`seat` is out of the call; the call itself may go on (transfer, survey)."""

    seat: str
    ended_by: Party


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted(CallFact):
    """The PBX writes the call's recording to `file`, a path on the PBX host."""

    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingPaused(CallFact):
    """From now on the recording holds silence in place of what is said, as while a card number is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingResumed(CallFact):
    """What is said is recorded again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered(CallFact):
    """The citizen scored the talk by key; `seat` is who had talked last, or empty."""

    score: int
    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionBegan(CallFact):
    """The supervisor at `by_seat` listens to `seat`, whispers to it or barges in; `channel` is the supervisor's leg."""

    seat: str
    by_seat: str
    mode: SpyMode
    channel: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisionEnded(CallFact):
    """The supervisor at `by_seat` no longer takes part in the call of `seat`."""

    seat: str
    by_seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnded(CallFact):
    """The citizen's channel is gone. `hung_up_by` is who ended the talk, or the wait; `cause` is the Q.850 code."""

    outcome: CallOutcome
    hung_up_by: Party
    cause: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEndWitnessed(CallFact):
    """The PBX's own file tells that a call whose end had only been noticed later ended at `at`, by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatFact(Fact):
    """A fact of one seat's phone or of its place in the queues."""

    seat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneRegistered(SeatFact):
    """The seat's phone can be reached at `contact`."""

    contact: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneUnregistered(SeatFact):
    """The seat has no phone that can be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatJoinedQueue(SeatFact):
    """The PBX counts the seat as a member of `queue`."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatLeftQueue(SeatFact):
    """The PBX no longer counts the seat as a member of `queue`."""

    queue: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPaused(SeatFact):
    """The PBX offers the seat no calls, for `reason`."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatUnpaused(SeatFact):
    """The PBX offers the seat calls again."""
