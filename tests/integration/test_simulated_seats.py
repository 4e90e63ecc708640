"""Seats that SIPp plays register with whatever secret an installation derives for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.kernel.database import Database
from backend.kernel.security import Secrets
from telephony.simulate.seats import simulated_seats

from .exchange import open_exchange

pytestmark = pytest.mark.integration

SECRETS = {
    "sip:8001": "0xfyEmLLQvr9_92TSATH7DK69J1LZecX",
    "sip:8002": "0X00fyEmLLQvr9_92TSATH7DK69J1LZe",
    "sip:8003": "-_fyEmLLQvr9_92TSATH7DK69J1LZe--",
}


async def test_a_secret_that_looks_like_hexadecimal_digits_is_a_secret_like_others(
    state_folder: Path, tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    derive = Secrets.derive
    monkeypatch.setattr(Secrets, "derive", lambda self, purpose: SECRETS.get(purpose) or derive(self, purpose))
    async with open_exchange(state_folder, tmp_path, database) as exchange:
        seats = ["8001", "8002", "8003"]
        async with simulated_seats(exchange.stage, seats, exchange.secret_of):
            contacts = await exchange.pbx.cli("pjsip show contacts")
    assert all(f"sip:{seat}@" in contacts for seat in seats)
