"""Which of the things that fit is given to whom, so that as many as can have one do."""

from collections.abc import Sequence


def assign(fitting: Sequence[Sequence[int]]) -> dict[int, int]:
    """By who wants something, the index of what they get; everything is given once.

    `fitting` has for each of them what fits. This is maximum bipartite matching by augmenting
    paths: to choose the first free one for each could leave another without the only one that fits.
    """
    owners: dict[int, int] = {}
    for wanting in range(len(fitting)):
        _augment(wanting, fitting, owners, set())
    return {wanting: index for index, wanting in owners.items()}


def _augment(
    wanting: int, fitting: Sequence[Sequence[int]], owners: dict[int, int], visited: set[int]
) -> bool:
    """Follow an augmenting path from one who wants something: whether they got it.

    What another has is given up where that one finds something else.
    """
    for index in sorted(fitting[wanting], key=owners.__contains__):  # the free ones first
        if index in visited:
            continue
        visited.add(index)
        if index not in owners or _augment(owners[index], fitting, owners, visited):
            owners[index] = wanting
            return True
    return False
