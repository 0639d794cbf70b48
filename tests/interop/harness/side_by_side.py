"""How many tests run at a time: three for two processors, since they wait for nearly half of theirs."""

import os

AT_ONCE = max((os.cpu_count() or 1) * 3 // 2, 1)
