"""Scanorama written out slowly from its specification: sets of matches, one kernel entry per match, plain loops."""

from itertools import combinations, pairwise

import numpy as np


def exact_reduction(unit, n):
    """Principal components of centred rows, by a full decomposition."""
    u, s, _ = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    return (u * s)[:, :n]


def directions(cells):
    lengths = np.linalg.norm(cells, axis=1, keepdims=True)
    return cells / np.where(lengths > 0, lengths, 1)


def nearest(cell, rows, cells, k):
    """The k rows nearest to a cell by Manhattan distance, ties to the first."""
    distance = np.abs(cells[rows] - cell).sum(axis=1)
    return [rows[i] for i in np.argsort(distance, kind="stable")[:k]]


def matches_of(space, bounds, k, taking_part=None):
    """(i, j), i < j -> set of pairs of rows, mutual among all earlier and all later batches."""
    cells = directions(space)
    every = np.arange(len(space)) if taking_part is None else taking_part
    batch = np.searchsorted(bounds, np.arange(len(space)), side="right") - 1
    seen = {}
    for row in every:
        for side in (every[batch[every] < batch[row]], every[batch[every] > batch[row]]):
            for other in nearest(cells[row], side, cells, k):
                seen.setdefault((batch[row], batch[other]), set()).add((int(row), int(other)))
    n_batches = len(bounds) - 1
    return {
        (i, j): seen.get((i, j), set()) & {(a, b) for b, a in seen.get((j, i), set())}
        for i, j in combinations(range(n_batches), 2)
    }


def scores_of(matches, sizes):
    return {
        (i, j): max(len({a for a, _ in pairs}) / sizes[i], len({b for _, b in pairs}) / sizes[j])
        for (i, j), pairs in matches.items()
    }


def translated(moving, pairs, reference, sigma):
    """Every moving cell plus the weighted mean of (reference − matched cell), one weight per pair."""
    moved = moving.copy()
    for x in range(len(moving)):
        weights = np.array([np.exp(-sigma / 2 * ((moving[x] - moving[a]) ** 2).sum()) for a, _ in pairs])
        bias = np.array([reference[b] - moving[a] for a, b in pairs])
        moved[x] += weights @ bias / weights.sum()
    return moved


def assemble(space, profiles, bounds, matches, sigma, alpha, sizes=None):
    """Both spaces joined in the order of the scores; also the links in that order."""
    sizes = np.diff(bounds) if sizes is None else sizes
    scores = scores_of(matches, sizes)
    links = [pair for pair, score in sorted(scores.items(), key=lambda item: item[1]) if score > alpha]
    links.reverse()  # of equal scores, the later pair comes first
    spaces = [[cells[a:b].copy() for a, b in pairwise(bounds)] for cells in (space, profiles)]
    panoramas, considered = [], dict.fromkeys(range(len(sizes)), 0)
    for link in links:
        for b in link:
            considered[b] += 1
        if all(considered[b] > 3 for b in link):
            continue
        i, j = link
        homes = {b: next((p for p in panoramas if b in p), None) for b in link}
        if homes[i] is None and homes[j] is None:
            if sizes[i] < sizes[j]:
                i, j = j, i
            homes[i] = [i]
            panoramas.append(homes[i])
        if homes[i] is None or homes[j] is None:
            single = i if homes[i] is None else j
            target = homes[j] if homes[i] is None else homes[i]
            move(spaces, bounds, matches, [single], list(target), [(single, b) for b in target], sigma)
            target.append(single)
        else:
            move(spaces, bounds, matches, list(homes[i]), list(homes[j]), [(i, j)], sigma)
            if homes[i] is not homes[j]:
                homes[i] += homes[j]
                panoramas.remove(homes[j])
    return *(np.concatenate(parts) for parts in spaces), links


def move(spaces, bounds, matches, moved, onto, matched, sigma):
    """Move the batches `moved` onto the batches `onto` by the matches of the pairs `matched`, in every space."""
    place = {}
    for side, batches in (("moved", moved), ("onto", onto)):
        rows = [(side, row) for b in batches for row in range(bounds[b], bounds[b + 1])]
        place.update({row: number for number, row in enumerate(rows)})
    pairs = []
    for source, target in matched:
        for a, b in matches[min(source, target), max(source, target)]:
            from_moved, from_onto = (a, b) if source < target else (b, a)
            pairs.append((place["moved", from_moved], place["onto", from_onto]))
    for parts in spaces:
        arrived = translated(
            np.concatenate([parts[b] for b in moved]), pairs, np.concatenate([parts[b] for b in onto]), sigma
        )
        for b in moved:
            parts[b], arrived = arrived[: len(parts[b])], arrived[len(parts[b]) :]
