"""What open pages keep is set aside, so that the garbage collector does not look through all of it amid a tick.

With thousands of pages open, one such look takes longer than the tick itself. What is set aside is still freed with the
page that keeps it; only what refers to itself in a circle waits for the next look at everything.
"""

import gc
from typing import Final

FEW: Final = 10
"""Pages that are not worth the trouble."""
MANY_GONE: Final = 200
"""Pages that may have left circles behind before everything is looked through, or as many as are open now."""


class SetAside:
    """What has been set aside in this process; to be told from time to time how many pages were ever opened here, and
    how many are connected now.
    """

    def __init__(self) -> None:
        self.opened = self.gone = 0

    def tidy(self, opened: int, connected: int) -> None:
        gone = opened - connected
        if gone - self.gone >= max(MANY_GONE, connected):
            gc.unfreeze()
            self.gone = gone
        elif opened - self.opened < FEW:
            return
        gc.collect()
        gc.freeze()
        self.opened = opened
