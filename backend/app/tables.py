"""All tables of the platform in one metadata: importing the domains' models registers them."""

from __future__ import annotations

from backend.attachments import models as _attachments
from backend.callbacks import models as _callbacks
from backend.calls import models as _calls
from backend.cases import conditions as _conditions
from backend.cases import models as _cases
from backend.cases import origins as _origins
from backend.citizens import models as _citizens
from backend.deadlines import models as _deadlines
from backend.dispatch import models as _dispatch
from backend.grid import models as _grid
from backend.identity import models as _identity
from backend.kernel.database import Base
from backend.notices import models as _notices
from backend.orders import models as _orders
from backend.patrols import models as _patrols
from backend.quality import models as _quality
from backend.queueing import models as _queueing
from backend.rectification import kinds as _special_kinds
from backend.rectification import models as _special
from backend.reviews import models as _reviews
from backend.reviews import sheets as _score_sheets
from backend.rounds import models as _rounds
from backend.seats import models as _seats
from backend.taxonomy import models as _taxonomy
from backend.units import models as _units

metadata = Base.metadata
DOMAINS = (
    _identity,
    _units,
    _taxonomy,
    _grid,
    _citizens,
    _orders,
    _seats,
    _calls,
    _cases,
    _conditions,
    _deadlines,
    _dispatch,
    _attachments,
    _patrols,
    _callbacks,
    _notices,
    _queueing,
    _origins,
    _special_kinds,
    _special,
    _rounds,
    _quality,
    _score_sheets,
    _reviews,
)
