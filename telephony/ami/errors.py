"""What can go wrong between us and the PBX, by name."""

from __future__ import annotations

from backend.kernel.errors import HotlineError, IllegalTransition, Unavailable


class AmiUnsafeText(HotlineError):
    """A key or a value holds a line break or another control character, which could smuggle in a second action."""


class AmiProtocolError(Unavailable):
    """What answers on the AMI port does not speak AMI."""


class AmiNotConnected(Unavailable):
    """There is no live link, so the action was not sent."""


class AmiDisconnected(Unavailable):
    """The link broke after the action was sent; whether the PBX carried it out is not known. It is never sent again."""


class AmiTimeout(Unavailable):
    """The PBX did not answer, or did not end a list, in time."""


class AmiRefused(Unavailable):
    """The PBX refuses our account: wrong password, unknown user or address not allowed."""


class AmiActionFailed(HotlineError):
    """The PBX answered the action with an error; nothing was changed."""


class IllegalLinkMove(IllegalTransition):
    """The link was moved to a state that cannot follow its present one."""
