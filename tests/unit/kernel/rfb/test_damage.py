"""Few rectangles that cover all that changed."""

from __future__ import annotations

import random

from kernel.rfb.damage import MAX_RECTS, Damage
from kernel.rfb.framebuffer import Rect


def pixels(rects: tuple[Rect, ...] | list[Rect]) -> set[tuple[int, int]]:
    return {(x, y) for rect in rects for x in range(rect.x, rect.x + rect.width) for y in range(rect.y, rect.y + rect.height)}


def test_taken_once() -> None:
    damage = Damage()
    assert not damage
    damage.add(Rect(1, 2, 3, 4))
    assert damage
    assert damage.take() == (Rect(1, 2, 3, 4),)
    assert damage.take() == ()
    assert not damage


def test_nothing_is_no_damage() -> None:
    damage = Damage()
    damage.add(Rect(5, 5, 0, 9))
    damage.add(Rect(5, 5, 9, 0))
    assert damage.take() == ()


def test_what_lies_inside_or_beside_is_joined() -> None:
    damage = Damage()
    for rect in (Rect(0, 0, 10, 10), Rect(2, 2, 3, 3), Rect(10, 0, 5, 10), Rect(0, 10, 15, 1)):
        damage.add(rect)
    assert damage.take() == (Rect(0, 0, 15, 11),)


def test_what_lies_apart_stays_apart() -> None:
    damage = Damage()
    damage.add(Rect(0, 0, 2, 2))
    damage.add(Rect(100, 100, 2, 2))
    assert set(damage.take()) == {Rect(0, 0, 2, 2), Rect(100, 100, 2, 2)}


def test_when_there_are_too_many_the_nearest_is_joined() -> None:
    damage = Damage()
    for index in range(MAX_RECTS):
        damage.add(Rect(index * 100, 0, 1, 1))
    damage.add(Rect(3, 0, 1, 1))
    found = damage.take()
    assert len(found) == MAX_RECTS
    assert Rect(0, 0, 4, 1) in found


def test_another_picture() -> None:
    damage = Damage()
    damage.add(Rect(900, 900, 2, 2))
    damage.replace(Rect(0, 0, 10, 10))
    assert damage.take() == (Rect(0, 0, 10, 10),)


def test_whatever_is_added_is_covered_by_a_few() -> None:
    generator = random.Random(3)
    for _ in range(40):
        damage = Damage()
        added = []
        for _ in range(generator.randint(1, 60)):
            added.append(Rect(generator.randint(0, 40), generator.randint(0, 40), generator.randint(0, 9), generator.randint(0, 9)))
            damage.add(added[-1])
        found = damage.take()
        assert len(found) <= MAX_RECTS
        assert pixels(added) <= pixels(found)
        assert all(rect.x + rect.width <= 49 and rect.y + rect.height <= 49 for rect in found)
