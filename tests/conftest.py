"""Before torch is loaded: one thread, which for small shapes is both faster and repeatable."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
