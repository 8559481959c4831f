"""What is loaded is set aside from full collections, once for each process."""

import subprocess
import sys

PROGRAM = """
import asyncio, gc, json, msgspec, logging, weakref
from kernel.heap import LoadedHeap

async def main():
    before = len(gc.get_objects())
    heap = LoadedHeap(settled_after_s=0.01)
    heap.start()
    first = gc.get_freeze_count()
    class Loop: pass
    unused = Loop()
    unused.itself = unused
    gone = weakref.ref(unused)
    del unused
    later = [[] for _ in range(5000)]
    while gc.get_freeze_count() < first + 5000:
        await asyncio.sleep(0.005)
    heap.stop()
    settled = gc.get_freeze_count()
    again = LoadedHeap(settled_after_s=0.0)
    again.start()
    much = [[] for _ in range(5000)]
    await asyncio.sleep(0.02)
    again.stop()
    print(json.dumps([before, first, len(gc.get_objects()), gc.get_freeze_count() - settled, int(gone() is None)]))

asyncio.run(main())
"""


def test_full_collections_pass_over_what_the_program_consists_of() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    before, first, visited, frozen_again, freed = (int(number) for number in done.stdout.strip("[]\n").split(","))
    assert before > 5_000
    assert first > before * 0.8
    assert visited < before  # what a second kernel made is visited as ever
    assert frozen_again <= 0
    assert freed  # or it would stay for ever
