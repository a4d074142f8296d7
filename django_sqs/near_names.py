"""Finding settings that were meant to be others: a letter wrong, a word missing."""

from __future__ import annotations

from collections.abc import Iterable

#: Letters that may be wrong, missing, too many, or exchanged with their neighbour.
_MAX_EDITS = 2

#: What other packages call their settings. Their names share words with ours, and are no mistakes.
_OF_OTHERS = ("AWS_S3_", "AWS_SES_", "AWS_SNS_", "AWS_STORAGE_", "AWS_CLOUDFRONT_", "AWS_LOCATION", "AWS_DEFAULT_")


def misspelt(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs from this one in one or two letters after AWS_ or SQS_, or None."""
    names = list(known)
    if name in names or name.startswith(_OF_OTHERS):
        return None
    near = [other for other in names if other[:4] == name[:4] and _edits(name, other) <= _MAX_EDITS]
    return min(near, key=lambda other: _edits(name, other), default=None)


def reworded(name: str, known: Iterable[str]) -> str | None:
    """The known name that has the words of this one and some more (SQS_PREFIX), in another order, or behind AWS_ where
    this one has SQS_ or the other way round; or None."""
    names = list(known)
    if name in names or name.startswith(_OF_OTHERS):
        return None
    return next((other for other in names if _means(name, other)), None)


def _means(name: str, other: str) -> bool:
    first, *words = name.split("_")
    other_first, *other_words = other.split("_")
    if first == other_first and len(words) <= len(other_words):
        # One word of three or four may be anybody's.
        return set(words) <= set(other_words) and len(words) * 2 >= len(other_words)
    if words[:1] == ["SQS"]:
        words = words[1:]
    return words == other_words


def _edits(one: str, two: str) -> int:
    """The edit distance, where exchanging neighbours counts as one edit (optimal string alignment)."""
    if abs(len(one) - len(two)) > _MAX_EDITS:
        return _MAX_EDITS + 1
    before: list[int] = []
    row = list(range(len(two) + 1))
    for i, left in enumerate(one, 1):
        before, last, row = row, before, [i]
        for j, right in enumerate(two, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == two[j - 2] and one[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
