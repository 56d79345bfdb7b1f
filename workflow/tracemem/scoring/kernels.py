"""The loops of rank statistics: concordance, replicates, and permutations of examples.

Items stand in order of their example, then of their answer, so that the items of one example and
one answer, a cell, stand together.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracemem.jobs.compiled import compiled, inlined, part

_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S32 = (np.uint64(bits) for bits in (27, 30, 31, 32))
_LOW, _BIT = np.uint64(0xFFFFFFFF), np.uint64(1)
# Slack of comparisons between numbers that are equal but summed in another order.
_EQUAL = 1 - 1e-12
ENOUGH = 400
"""Permutations as extreme as the data after which a test has seen enough (Besag and Clifford 1991)."""


class Cells(NamedTuple):
    """Where examples, answers and the cells of both stand among the items.

    Attributes:
        items: int64, [examples + 1], first item of each example.
        cells: int64, [examples + 1], first cell of each example.
        starts: int64, [cells + 1], first item of each cell.
        answer: int64, [cells], number of the cell's answer.
        answers: how many there are.
    """

    items: NDArray[np.int64]
    cells: NDArray[np.int64]
    starts: NDArray[np.int64]
    answer: NDArray[np.int64]
    answers: int


@inlined
def _mixed(value):
    """The finalizer of SplitMix64 (Steele, Lea and Flood 2014)."""
    value = (value ^ (value >> _S30)) * _FIRST
    value = (value ^ (value >> _S27)) * _SECOND
    return value ^ (value >> _S31)


@compiled
def sums(values, cells):
    """Sums of values (float64, [items]) over each cell, each example and each answer."""
    by_cell = np.zeros(len(cells.answer))
    by_example = np.zeros(len(cells.items) - 1)
    by_answer = np.zeros(cells.answers)
    for e in range(len(by_example)):
        for c in range(cells.cells[e], cells.cells[e + 1]):
            for i in range(cells.starts[c], cells.starts[c + 1]):
                by_cell[c] += values[i]
            by_example[e] += by_cell[c]
            by_answer[cells.answer[c]] += by_cell[c]
    return by_cell, by_example, by_answer


@compiled
def add_signed(replicates, values, labels, keys):
    """Add to every replicate each value with a sign that its label and the replicate decide.

    Args:
        replicates: float64, [64 x words], what is added to.
        values: float64, [clusters].
        labels: uint64, [clusters], what each cluster is known by.
        keys: uint64, [words], one for 64 replicates each.
    """
    for c in range(len(values)):
        for k in range(len(keys)):
            word = _mixed(_mixed(labels[c] * _GAMMA + keys[k]) ^ keys[k])
            for bit in range(64):
                sign = 2.0 * np.float64((word >> np.uint64(bit)) & _BIT) - 1.0
                replicates[64 * k + bit] += sign * values[c]


@part
def _variance(products, cells, by_answer):
    """Two-way clustered variance of a sum of products (float64, [items]) that have no mean.

    ``by_answer`` (float64, [answers]) is room to work in.
    """
    of_examples, of_cells, of_answers = 0.0, 0.0, 0.0
    for a in range(len(by_answer)):
        by_answer[a] = 0.0
    for e in range(len(cells.items) - 1):
        example = 0.0
        for c in range(cells.cells[e], cells.cells[e + 1]):
            cell = 0.0
            for i in range(cells.starts[c], cells.starts[c + 1]):
                cell += products[i]
            example += cell
            of_cells += cell * cell
            by_answer[cells.answer[c]] += cell
        of_examples += example * example
    # The sum of a single answer is the statistic itself and says nothing of its error.
    if len(by_answer) == 1:
        return of_examples
    for a in range(len(by_answer)):
        of_answers += by_answer[a] * by_answer[a]
    return max(of_examples + of_answers - of_cells, of_examples, of_answers)


@part
def _shuffle(order, state):
    """Permute ``order`` in place (Fisher and Yates); the state of the generator after it."""
    for i in range(len(order) - 1, 0, -1):
        state += _GAMMA
        j = np.int64(((_mixed(state) >> _S32) * np.uint64(i + 1)) >> _S32)
        order[i], order[j] = order[j], order[i]
    return state


@part
def _lay_out(cells, order, laid):
    """Item that stands at each place once the examples' blocks are laid in ``order``, [items]."""
    place = 0
    for k in range(len(order)):
        for i in range(cells.items[order[k]], cells.items[order[k] + 1]):
            laid[place] = i
            place += 1


@compiled
def linear_test(fixed, moved, held, solved, cells, permutations, seed):
    """Two-sided p of the sum of products of two sides' rank residuals.

    Args:
        fixed: float64, [items], residuals of x.
        moved: float64, [items], residuals of y, whose blocks of examples are permuted.
        held: float64, [columns, items], centred ranks of what is held fixed.
        solved: float64, [columns, columns], inverse of their products.
        cells: where examples and answers stand.
        permutations: how many; fewer once ``ENOUGH`` were as extreme as the data.
        seed: uint64.
    """
    items, columns = len(fixed), len(held)
    laid, order = np.arange(items), np.arange(len(cells.items) - 1)
    products, by_answer = np.empty(items), np.empty(cells.answers)
    owed, weight = np.empty(columns), np.empty(columns)
    state, observed, extreme = np.uint64(seed), 0.0, 0
    for permutation in range(permutations + 1):
        if permutation:
            state = _shuffle(order, state)
            _lay_out(cells, order, laid)
        # Freedman and Lane: what the moved residuals owe to the columns held is taken out again.
        for c in range(columns):
            owed[c] = 0.0
            for i in range(items):
                owed[c] += held[c, i] * moved[laid[i]]
        for c in range(columns):
            weight[c] = 0.0
            for d in range(columns):
                weight[c] += solved[c, d] * owed[d]
        total = 0.0
        for i in range(items):
            value = moved[laid[i]]
            for c in range(columns):
                value -= weight[c] * held[c, i]
            products[i] = fixed[i] * value
            total += products[i]
        variance = _variance(products, cells, by_answer)
        found = abs(total) / math.sqrt(variance) if variance > 0 else 0.0
        if not permutation:
            observed = found * _EQUAL
        elif found >= observed:
            extreme += 1
            if extreme == ENOUGH:
                return extreme / permutation
    return (1 + extreme) / (1 + permutations)


@compiled
def kendall_test(fixed, moved, by_x, x, y, cells, permutations, seed):
    """Two-sided p of Kendall's tau; under independence an item adds the product of its ranks.

    Args:
        fixed: float64, [items], centred ranks of x.
        moved: float64, [items], the same of y, whose blocks of examples are permuted.
        by_x: int64, [items], items in order of x.
        x: int64, [items], rank codes.
        y: int64, [items], rank codes.
        cells: where examples and answers stand.
        permutations: how many; fewer once ``ENOUGH`` were as extreme as the data.
        seed: uint64.
    """
    items = len(fixed)
    laid, order = np.arange(items), np.arange(len(cells.items) - 1)
    products, by_answer = np.empty(items), np.empty(cells.answers)
    codes, tree = np.empty(items, np.int64), np.empty(y.max() + 2, np.int64)
    state, observed, extreme = np.uint64(seed), 0.0, 0
    for permutation in range(permutations + 1):
        if permutation:
            state = _shuffle(order, state)
            _lay_out(cells, order, laid)
        for i in range(items):
            products[i] = fixed[i] * moved[laid[i]]
            codes[i] = y[laid[i]]
        variance = _variance(products, cells, by_answer)
        total = abs(_concordant(by_x, x, codes, tree))
        found = total / math.sqrt(variance) if variance > 0 else 0.0
        if not permutation:
            observed = found * _EQUAL
        elif found >= observed:
            extreme += 1
            if extreme == ENOUGH:
                return extreme / permutation
    return (1 + extreme) / (1 + permutations)


@part
def _below(tree, code):
    """Weight of the codes below ``code`` in a Fenwick tree."""
    total = 0
    while code > 0:
        total += tree[code]
        code -= code & -code
    return total


@part
def _enter(tree, code):
    """One item more of a code."""
    code += 1
    while code < len(tree):
        tree[code] += 1
        code += code & -code


@part
def _concordant(by_x, x, y, tree):
    """Concordant less discordant pairs of items; ``tree`` (int64, [codes of y + 1]) is room.

    Items enter in order of x, one tie of x at a time. Time O(items log items).
    """
    for node in range(len(tree)):
        tree[node] = 0
    score, entered, first = 0, 0, 0
    while first < len(by_x):
        last = first
        while last < len(by_x) and x[by_x[last]] == x[by_x[first]]:
            code = y[by_x[last]]
            score += _below(tree, code) + _below(tree, code + 1) - entered
            last += 1
        for k in range(first, last):
            _enter(tree, y[by_x[k]])
        entered += last - first
        first = last
    return score


@compiled
def concordance(by_x, x, y):
    """Concordant less discordant partners of each item, float64, [items].

    Args:
        by_x: int64, [items], items in order of x.
        x: int64, [items], rank codes.
        y: int64, [items], rank codes.
    """
    items = len(by_x)
    found = np.zeros(items)
    for direction in (1, -1):
        tree = np.zeros(y.max() + 2, np.int64)
        entered, first = 0, 0
        while first < items:
            last = first
            while last < items and x[by_x[last]] == x[by_x[first]]:
                code = y[by_x[last]]
                balance = _below(tree, code) + _below(tree, code + 1) - entered
                found[by_x[last]] += direction * balance
                last += 1
            for k in range(first, last):
                _enter(tree, y[by_x[k]])
            entered += last - first
            first = last
        by_x = by_x[::-1].copy()
    return found
