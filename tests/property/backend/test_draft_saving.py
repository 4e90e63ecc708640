"""Several tabs, a line that loses answers, saves that come late and twice: no word is written over unseen."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from backend.cases.drafts import Verdict, judge

TABS = st.integers(0, 2)


@dataclass
class Tab:
    """What one tab shows, the revision it builds on, and the saves that it has sent so far."""

    text: str = ""
    revision: int = 0
    sent: list[tuple[int, str]] = field(default_factory=list)


class Drafting(RuleBasedStateMachine):
    """One draft, edited from three tabs."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[str] = []
        self.tabs = [Tab() for _ in range(3)]
        self.typed = 0

    @rule(number=TABS)
    def type(self, number: int) -> None:
        self.typed += 1
        self.tabs[number].text += f"{self.typed} "

    @rule(number=TABS, answer_arrives=st.booleans())
    def save(self, number: int, answer_arrives: bool) -> None:
        tab = self.tabs[number]
        tab.sent.append((tab.revision, tab.text))
        self.receive(tab, tab.revision, tab.text, answer_arrives)

    @rule(number=TABS, which=st.integers(0, 50), answer_arrives=st.booleans())
    def send_again(self, number: int, which: int, answer_arrives: bool) -> None:
        tab = self.tabs[number]
        if tab.sent:
            builds_on, text = tab.sent[which % len(tab.sent)]
            self.receive(tab, builds_on, text, answer_arrives)

    @rule(number=TABS)
    def look_at_the_newest(self, number: int) -> None:
        self.tabs[number].text = self.history[-1] if self.history else ""
        self.tabs[number].revision = len(self.history)

    def receive(self, tab: Tab, builds_on: int, text: str, answer_arrives: bool) -> None:
        standing = self.history[-1] if self.history else ""
        before = list(self.history)
        verdict = judge(len(self.history), {"what": standing}, builds_on, {"what": text})
        if verdict is Verdict.NEXT:
            self.history.append(text)
        if verdict is Verdict.REPEATED:
            assert text == standing
        assert (verdict is Verdict.OUTDATED) is (builds_on != len(before) and not self.stands(before, builds_on, text))
        if answer_arrives and verdict is not Verdict.OUTDATED:
            tab.revision = len(self.history)

    @staticmethod
    def stands(history: list[str], builds_on: int, text: str) -> bool:
        return builds_on + 1 == len(history) and history[-1] == text

    @invariant()
    def no_tab_is_ahead_of_the_server(self) -> None:
        assert all(tab.revision <= len(self.history) for tab in self.tabs)


TestDrafting = Drafting.TestCase
