"""The distinct values of an array. Called by what looks up cells and styles.

numpy's own loads masked arrays at its first call, which takes longer than a frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Number = TypeVar("Number", np.int64, np.uint32)


def distinct(values: NDArray[Number]) -> NDArray[Number]:
    """Each value of a flat array once, by rising size."""
    import numpy as np

    ordered = np.sort(values)
    first = np.ones(len(ordered), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    return ordered[first]
