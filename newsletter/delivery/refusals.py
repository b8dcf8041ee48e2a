"""When do refusals of single recipients tell that the mailing itself is at fault?

    watch = RefusalWatch()
    for reply in replies:
        reason = watch.note(reply)  # a sentence once it is time to stop

Twenty equal 5xx in a row, or more than half of the last 200: no list is that bad by chance.
"""

from collections import OrderedDict, deque

from newsletter.delivery import reasons
from newsletter.delivery.ledger import Lease
from newsletter.delivery.verdicts import Reply

IN_A_ROW = 20
LAST = 200
_RUNS_KEPT = 16


class RefusalWatch:
    """Watches the replies of one mailing since it was started or resumed."""

    def __init__(self) -> None:
        """Begin with nothing seen."""
        self._equal = 0
        self._latest = ""
        self._refused: deque[bool] = deque(maxlen=LAST)

    def note(self, reply: Reply) -> str:
        """Count one recipient's reply; a sentence for a person when the mailing must stop, else empty."""
        refused = reply.code is not None and reply.code // 100 == 5  # noqa: PLR2004  # 5xx
        kind = f"{reply.code} {reply.enhanced}" if refused else ""
        self._equal = self._equal + 1 if refused and kind == self._latest else int(refused)
        self._latest = kind
        self._refused.append(refused)
        if self._equal >= IN_A_ROW:
            return reasons.REFUSED_ALIKE % {"number": IN_A_ROW, "reply": reply.line}
        if sum(self._refused) > LAST // 2:
            return reasons.MOST_REFUSED % {"number": LAST, "reply": reply.line}
        return ""


class Watches:
    """A watch for each run of a mailing: resumed, it gets a new chance."""

    def __init__(self) -> None:
        """Begin with none."""
        self._watches: OrderedDict[tuple[int, int], RefusalWatch] = OrderedDict()

    def of(self, lease: Lease) -> RefusalWatch:
        """The watch over the run that a lease belongs to."""
        run = (lease.mailing_id, lease.epoch)
        if run not in self._watches:
            self._watches[run] = RefusalWatch()
            if len(self._watches) > _RUNS_KEPT:
                self._watches.popitem(last=False)
        return self._watches[run]
