import subprocess
import sys

import pytest

PROGRAM = """
import numpy as np
from visavis.core.memory import keep_flat
keep_flat()
def resident():
    with open("/proc/self/statm") as numbers:
        return int(numbers.read().split()[1]) * 4096
before = resident()
for _ in range(3):
    blocks = [np.ones(3 << 17) for _ in range(100)]  # 3 MiB each
    pins = [bytearray(2000) for _ in range(100)]     # small survivors between them
    del blocks
print(resident() - before)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tunes glibc's allocator")
def test_large_blocks_go_back_to_the_system():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    assert int(done.stdout) < 20 * 1024 * 1024
