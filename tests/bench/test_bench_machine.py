"""What /proc tells of processes that we know."""

from __future__ import annotations

import os
import time

from bench.machine import Memory, Usage, busy_seconds, cpu_seconds, resident_megabytes

TICK = 2 / os.sysconf("SC_CLK_TCK")


def test_a_process_that_works_uses_cpu() -> None:
    before, used = cpu_seconds(os.getpid()), time.process_time()
    busy = busy_seconds()
    while time.process_time() < used + 0.1:
        sum(range(1000))
    after = cpu_seconds(os.getpid())
    # All threads of the process count on both sides, and /proc counts in ticks.
    assert abs((after - before) - (time.process_time() - used)) <= TICK
    assert busy_seconds() - busy > 0


def test_memory_grows_with_what_is_kept() -> None:
    memory = Memory(os.getpid())
    kept = bytearray(os.urandom(32 * 1024 * 1024))
    memory.note(500)
    assert memory.last > memory.first
    assert memory.each_thousand(500) == [(memory.last - memory.first) * 2]
    assert memory.each_thousand(1000) == []
    assert resident_megabytes(os.getpid()) > 32
    assert len(kept) == 32 * 1024 * 1024


def test_what_others_used_is_what_is_left_of_the_machine() -> None:
    used = Usage({"worker": 3.0, "temporal": 5.0}, 20.0).since(Usage({"worker": 1.0, "temporal": 2.0}, 10.0))
    assert (used.parts, used.others) == ({"worker": 2.0, "temporal": 3.0}, 5.0)
    assert Usage({"worker": 1.01}, 1.0).others == 0, "ticks are coarse; less than nothing is nothing"
