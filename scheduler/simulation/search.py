"""The search of a simulation, compiled: who is free when, and the best open pattern of a case.

The compiled half of :mod:`scheduler.simulation.placing`, in the order of :mod:`scheduler.ranking`.
Sets of slots are words of 64 bits, as :mod:`scheduler.timeline` has them as integers; what words
say is worked out when it is asked and forgotten when somebody concerned is taken or given back.

Everything compiled is in this file: what is compiled is kept beside it, and made anew when it
changes.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int64]
Small = npt.NDArray[np.int32]
Words = npt.NDArray[np.uint64]
_F = TypeVar("_F", bound=Callable[..., Any])

PAD = 8
"""Empty words around each line: what is asked of slots before or after the horizon is not free."""
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_NONE = np.uint64(0)
_ONE = np.uint64(1)
_AT_MOST, _EXACTLY = 1, 2
_NIGHTS, _ANCHORS = 42, 18
"""Bits of a key below its nights, and below its anchor."""
_NUMBERS = (1 << _ANCHORS) - 1
_LEVELS = 64
"""Where in the scratch the levels of a count begin."""
LACKING = 6
"""Needs that are remembered of what is shut; where more are lacking it is looked at again."""
_END = 1 << 40
"""A slot after all."""


class People(NamedTuple):
    """Who would do for what, as arrays; ``x_first[n]`` and ``x_first[n + 1]`` bound its rows."""

    unit_first: Numbers
    """By pool: people or vehicles who would do, best first."""
    unit: Numbers
    """A resource, its lead from the base, and the slots it is needed."""
    need: Numbers
    """A pool, and so many of its units. The needs of a pool lie together."""
    need_first: Numbers
    """By pool: its needs."""
    member_first: Numbers
    """By resource: the pools that it is a unit of."""
    member: Numbers
    """A pool, and lead and slots there."""


class Ways(NamedTuple):
    """Legs wherever they are anchored: what each asks of people. Slots are from the anchor."""

    part_first: Numbers
    """By ask, which is of one role: its attendances."""
    part: Numbers
    """A need, its base, and where ``order`` begins to number its units among all of the ask."""
    order: Numbers
    constraint: Numbers
    """By ask: who asks it."""
    ask_first: Numbers
    """By way: what it asks, scarcest first."""
    ask: Numbers
    way: Numbers
    """A line, the start, the end, a facility (or -1), and when there is arrived at it."""
    lines: Words
    """The slots at which ways could begin, padded."""
    edge: Numbers
    """By way and lead of its stage's leg: the slot of the lead's edge."""
    shape_first: Numbers
    """By shape: ways that are looked at together; alike for all stages that ask alike."""
    shape_way: Numbers
    late: Numbers
    """By way of a shape: by how much its bits are late: its end where it is told by its end."""
    reach: Numbers
    """By shape: the words around one in which somebody may be asked."""


class Calendar(NamedTuple):
    """What prototypes could be offered in an empty world; replications share it.

    Slots and minutes are from the start of the grid where they are not from an anchor.
    """

    minutes: int
    """Of a slot."""
    constraints: int
    most_people: int
    """Of all legs of a case."""
    people: People
    ways: Ways
    stage: Numbers
    """Persons, nights of a placement alone (or 0), the constraints that ask for places and for
    seats, the first way of its placements, their shape (or -1), and its removals when they are no
    chain (or -1)."""
    lead: Numbers
    """By stage, leg and number: a lead, or -1."""
    departs: Numbers
    """By lead: whether its edge is the moment of the departure."""
    seat_first: Numbers
    """By stage: kinds of seats."""
    seat: Numbers
    """A rule, and how many."""
    rule_kind: Numbers
    limit: Small
    """By rule and departure: seats for everyone aboard."""
    group_first: Numbers
    """By stage: placements of a chain by where and when they arrive, seen from their end."""
    group: Numbers
    """A facility, its removals, the first of its ways in ``group_way`` and their end, and their
    shape."""
    group_way: Numbers
    offer_first: Numbers
    """By leaving: removals on a departure, in order of their anchors."""
    offer: Numbers
    """The anchor, the minute of departure, the departure, and a way."""
    before: Numbers
    """By group, in the order of its offers: at which slots ``first <= t < end`` a placement may end
    before it, and the nights between in an empty world (-1 when there is no placement)."""
    before_first: Numbers
    night: Numbers
    """By facility and slot: the number of the local day."""
    evening: Numbers
    """By facility and night: the first slot of the local day."""


class Free(NamedTuple):
    """Who is free."""

    line: Words
    """By resource: its slots, padded."""
    known: npt.NDArray[np.uint8]
    """By need and word: whether ``starts`` tells from which slots so many units are free: not, at
    most (for some were taken since), or exactly: 0, :data:`_AT_MOST`, :data:`_EXACTLY`."""
    starts: Words
    scratch: Words


class Shut(NamedTuple):
    """Words of shapes in which nothing was open, and why: for want of whom at which slots.

    Each slot at which a way could begin is there under a need that was lacking at it, so that
    nothing opens as long as no need is free at a slot of its own.
    """

    known: npt.NDArray[np.bool_]
    """By shape and word."""
    need: Small
    """By shape, word and number: a need that was lacking, or -1."""
    slots: Words
    """By shape, word, number and word around: the slots, from its base, at which it was."""
    constraint: Numbers
    """By shape and word: what asked for most of them."""
    by: Numbers


class Claims(NamedTuple):
    """What is taken in one replication, and what was worked out of it."""

    free: Free
    shut: Shut
    places: Numbers
    """By facility and night: places left."""
    aboard: Small
    """By rule and departure: seats taken."""
    opened: Words
    """By group of a stage, word and way: ends of placements that are open, as of the ``call``."""
    opened_at: Numbers
    any: Words
    """By group of a stage and word: those of any way."""
    below: Numbers
    """By group of a stage and word: the next one before it that may be open."""
    early: Numbers
    """By group of a stage and way: the first anchor that no lead makes too early."""
    room: npt.NDArray[np.bool_]
    """By facility and night: whether there is room for a stay, as of the ``call``."""
    room_at: Numbers
    call: Numbers
    holder: Numbers
    seen: Numbers
    held: Numbers
    wanted: Numbers
    blame: Numbers
    """By constraint: how much of what was looked at it shut, of the last search."""
    offers: Numbers
    """Room for the removals that a search looks at; below for the keys by which it does."""
    keys: Numbers
    tried: Numbers
    """A removal, a group of placements, and the way and anchor of the placement that was found."""
    rows: Numbers
    """Who was drawn last: a resource, its first slot, how many slots."""


class Found(NamedTuple):
    """What was placed: ways and offer are -1 where there is none, ``first`` is -1 when nothing was.

    The first ``drawn`` rows of who was drawn are for the placement, those up to ``end`` for the
    removal. ``nights`` are those in the facility, from ``night`` on.
    """

    way: int
    first: int
    drawn: int
    offer: int
    end: int
    night: int
    nights: int


def compiled(function: _F) -> _F:
    """Compile a function when it is first called; kept on disk where there is a place to write.

    None of them makes an array. ``_nrt`` says so: else every look at one would be counted, which
    takes more than half of the time.
    """
    options: dict[str, Any] = {"nogil": True, "_nrt": False}
    try:
        return cast(_F, numba.njit(cache=True, **options)(function))
    except RuntimeError:
        return cast(_F, numba.njit(**options)(function))


def compiled_for(function: _F, *arguments: object) -> _F:
    """Return a function as it is compiled for arguments of these types.

    A call then looks no types up, which of so many arrays takes longer than many a search.
    """
    type_of: Callable[[object], object] = numba.typeof
    return cast(_F, cast(Any, function).compile(tuple(map(type_of, arguments))))


# --- Lines ---------------------------------------------------------------------------------------


@compiled
def _bits(lines: Words, row: int, slot: int) -> np.uint64:
    """Return the 64 slots of a line from ``slot`` on."""
    word, late = (slot >> 6) + PAD, np.uint64(slot & 63)
    if word < 0 or word + 1 >= lines.shape[1]:
        return _NONE
    low = lines[row, word] >> late
    if late:
        low |= lines[row, word + 1] << (np.uint64(64) - late)
    return np.uint64(low)


@compiled
def _runs(lines: Words, row: int, slot: int, length: int, scratch: Words) -> np.uint64:
    """Return from which of the 64 slots from ``slot`` on ``length`` slots in a row are there."""
    have = 1
    if length <= 64:
        low = _bits(lines, row, slot)
        if not low:
            return _NONE
        high = _bits(lines, row, slot + 64)
        while have < length:
            step = min(have, length - have)
            late, early = np.uint64(step), np.uint64(64 - step)
            low &= (low >> late) | (high << early)
            high &= high >> late
            have += step
        return np.uint64(low)
    words = (63 + length) // 64 + 1
    for n in range(words):
        scratch[n] = _bits(lines, row, slot + 64 * n)
        if n == 0 and not scratch[0]:
            return _NONE
    scratch[words] = _NONE
    while have < length:
        step = min(have, length - have, 63)
        late, early = np.uint64(step), np.uint64(64 - step)
        for n in range(words):
            scratch[n] &= (scratch[n] >> late) | (scratch[n + 1] << early)
        have += step
    return np.uint64(scratch[0])


@compiled
def _is_free(lines: Words, row: int, slot: int, length: int) -> bool:
    """Return whether ``length`` slots from ``slot`` on are there."""
    while length > 0:
        bits = _bits(lines, row, slot)
        if length < 64:
            wanted = (_ONE << np.uint64(length)) - _ONE
            return bool((bits & wanted) == wanted)
        if bits != _ALL:
            return False
        slot += 64
        length -= 64
    return True


@compiled
def _mark(lines: Words, row: int, slot: int, length: int, free: bool) -> None:
    """Set or clear ``length`` slots of a line."""
    while length > 0:
        word, late = (slot >> 6) + PAD, slot & 63
        count = min(64 - late, length)
        bits = _ALL if count == 64 else ((_ONE << np.uint64(count)) - _ONE) << np.uint64(late)
        if free:
            lines[row, word] |= bits
        else:
            lines[row, word] &= ~bits
        slot += count
        length -= count


@compiled
def _between(slot: int, first: int, end: int) -> np.uint64:
    """Return which of the 64 slots from ``slot`` on lie at ``first <= t < end``."""
    low, high = max(first - slot, 0), min(end - slot, 64)
    if high <= low:
        return _NONE
    bits = _ALL if high == 64 else (_ONE << np.uint64(high)) - _ONE
    return bits >> np.uint64(low) << np.uint64(low)


# --- People --------------------------------------------------------------------------------------


@compiled
def _work_out(people: People, free: Free, need: int, word: int) -> np.uint64:
    """Work out from which slots of a word the units of a need are free."""
    pool, count = people.need[need]
    levels = free.scratch[_LEVELS:]
    levels[:count] = _NONE
    for unit in range(people.unit_first[pool], people.unit_first[pool + 1]):
        line = _runs(
            free.line,
            people.unit[unit, 0],
            word * 64 + people.unit[unit, 1],
            people.unit[unit, 2],
            free.scratch,
        )
        if line:
            for level in range(count - 1, 0, -1):
                levels[level] |= levels[level - 1] & line
            levels[0] |= line
            if levels[count - 1] == _ALL:
                break
    free.known[need, word] = _EXACTLY
    free.starts[need, word] = levels[count - 1]
    return np.uint64(levels[count - 1])


@compiled
def _past_shut(
    people: People,
    free: Free,
    shut: Shut,
    blame: Numbers,
    shape: int,
    reach: Numbers,
    word: int,
    end: int,
) -> int:
    """Return the first word of a shape, from ``word`` towards ``end``, in which some may be open.

    All before it are shut still.
    """
    step, words = 1 if end > word else -1, free.known.shape[1]
    while word != end:
        if not shut.known[shape, word]:
            return word
        for n in range(LACKING):
            need = shut.need[shape, word, n]
            if need < 0:
                break
            for k in range(reach[1] - reach[0] + 1):
                slots, each = shut.slots[shape, word, n, k], word + reach[0] + k
                if slots and 0 <= each < words:
                    starts, known = free.starts[need, each], free.known[need, each]
                    if not known or (known == _AT_MOST and starts & slots):
                        starts = _work_out(people, free, need, each)
                    if starts & slots:
                        shut.known[shape, word] = False
                        return word
        if shut.constraint[shape, word] >= 0:
            blame[shut.constraint[shape, word]] += 1
        word += step
    return word


@compiled
def _note_lacking(
    needs: Small, slots: Words, need: int, at: int, late: np.uint64, lacking: np.uint64
) -> bool:
    """Note that a need was lacking at slots of a word, from ``late`` on; False when it is full."""
    for n in range(LACKING):
        if needs[n] < 0:
            needs[n] = need
            slots[n] = _NONE
        if needs[n] == need:
            slots[n, at] |= lacking << late
            if late:
                slots[n, at + 1] |= lacking >> (np.uint64(64) - late)
            return True
    return False


@compiled
def _opened(
    people: People,
    ways: Ways,
    free: Free,
    shut: Shut,
    blame: Numbers,
    shape: int,
    early: Numbers,
    slot: int,
    end: int,
    lines: Words,
) -> np.uint64:
    """Write which of the 64 slots from ``slot`` are open, by way of a shape; return those of any.

    They lie before ``end``, and the anchors at ``early[n]`` or later. That nothing is open is
    noted, with whom it lacked, when neither bound had a part in it.
    """
    some, words, word, reach = _NONE, free.known.shape[1], slot >> 6, ways.reach[shape, 0]
    needs, slots = shut.need[shape, word], shut.slots[shape, word]
    needs[:] = -1
    by = shut.by
    by[:] = 0
    whole = slot + 64 <= end
    for n in range(lines.size):
        way = ways.shape_way[ways.shape_first[shape] + n]
        first = slot - ways.late[ways.shape_first[shape] + n]
        whole &= early[n] <= first
        line = _bits(ways.lines, ways.way[way, 0], first) & _between(first, early[n], end)
        for k in range(ways.ask_first[way], ways.ask_first[way + 1]):
            if not line:
                break
            ask = ways.ask[k]
            for part in range(ways.part_first[ask], ways.part_first[ask + 1]):
                need, base = ways.part[part, 0], first + ways.part[part, 1]
                one, late = base >> 6, np.uint64(base & 63)
                open_ = _NONE
                if 0 <= one < words:
                    open_, known = free.starts[need, one] >> late, free.known[need, one]
                    if not known or (known == _AT_MOST and open_ & line):
                        open_ = _work_out(people, free, need, one) >> late
                if late and 0 <= one + 1 < words:
                    early_, known = np.uint64(64) - late, free.known[need, one + 1]
                    more = free.starts[need, one + 1] << early_
                    if not known or (known == _AT_MOST and more & line):
                        more = _work_out(people, free, need, one + 1) << early_
                    open_ |= more
                if whole and line & ~open_:
                    whole = _note_lacking(
                        needs, slots, need, one - word - reach, late, line & ~open_
                    )
                line &= open_
                if not line:
                    by[ways.constraint[ask]] += 1
                    break
        lines[n] = line
        some |= line
        whole &= not some
    shut.known[shape, word] = whole
    if not some:
        shut.constraint[shape, word] = by.argmax() if by.any() else -1
        if by.any():
            blame[by.argmax()] += 1
    return some


@compiled
def _match(
    people: People,
    ways: Ways,
    claims: Claims,
    place: int,
    anchor: int,
    wanted: Numbers,
) -> bool:
    """Find somebody for a place in ``wanted``, moving others where that helps (Kuhn 1955)."""
    need, base, order = ways.part[wanted[place]]
    pool = people.need[need, 0]
    first = people.unit_first[pool]
    for unit in range(first, people.unit_first[pool + 1]):
        number = ways.order[order + unit - first]
        resource, lead, length = people.unit[unit]
        if claims.seen[number] == claims.call[1] or not _is_free(
            claims.free.line, resource, anchor + base + lead, length
        ):
            continue
        claims.seen[number] = claims.call[1]
        other = claims.holder[number]
        if other < 0 or _match(people, ways, claims, other, anchor, wanted):
            claims.holder[number] = place
            claims.held[place] = unit
            return True
    return False


@compiled
def _draw_several(
    people: People, ways: Ways, claims: Claims, ask: int, anchor: int, row: int
) -> int:
    """Write who attends where nobody may serve two at a time; return the end of the rows, or -1."""
    first, end = ways.part_first[ask], ways.part_first[ask + 1]
    places = 0
    for part in range(first, end):
        places += people.need[ways.part[part, 0], 1]
    wanted = claims.wanted
    at = 0
    for part in range(first, end):
        for _ in range(people.need[ways.part[part, 0], 1]):
            wanted[at] = part
            at += 1
    claims.holder[:] = -1
    for place in range(places):
        claims.call[1] += 1
        if not _match(people, ways, claims, place, anchor, wanted):
            return -1
    for place in range(places):
        resource, lead, length = people.unit[claims.held[place]]
        claims.rows[row, 0] = resource
        claims.rows[row, 1] = anchor + ways.part[wanted[place], 1] + lead
        claims.rows[row, 2] = length
        row += 1
    return row


@compiled
def _draw_one(
    people: People, ways: Ways, free: Free, rows: Numbers, ask: int, anchor: int, row: int
) -> int:
    """Write who attends, the best who are free; return the end of the rows, or -1."""
    need, base, _ = ways.part[ways.part_first[ask]]
    pool, left = people.need[need]
    for unit in range(people.unit_first[pool], people.unit_first[pool + 1]):
        resource, length = people.unit[unit, 0], people.unit[unit, 2]
        slot = anchor + base + people.unit[unit, 1]
        if _is_free(free.line, resource, slot, length):
            rows[row, 0] = resource
            rows[row, 1] = slot
            rows[row, 2] = length
            row += 1
            left -= 1
            if not left:
                return row
    return -1


@compiled
def _drawn(people: People, ways: Ways, claims: Claims, way: int, anchor: int, row: int) -> int:
    """Write who attends around ``anchor`` from a row on; return the end of the rows, or -1."""
    for n in range(ways.ask_first[way], ways.ask_first[way + 1]):
        ask = ways.ask[n]
        if ways.part_first[ask + 1] - ways.part_first[ask] == 1:
            row = _draw_one(people, ways, claims.free, claims.rows, ask, anchor, row)
        else:
            row = _draw_several(people, ways, claims, ask, anchor, row)
        if row < 0:
            claims.blame[ways.constraint[ask]] += 1
            return -1
    return row


@compiled
def _asked(people: People, ways: Ways, free: Free, way: int, anchor: int) -> int:
    """Return the first ask of a way that has nobody around ``anchor`` for an attendance, or -1."""
    for n in range(ways.ask_first[way], ways.ask_first[way + 1]):
        ask = ways.ask[n]
        for part in range(ways.part_first[ask], ways.part_first[ask + 1]):
            need, slot = ways.part[part, 0], anchor + ways.part[part, 1]
            word = slot >> 6
            if not 0 <= word < free.known.shape[1]:
                return int(ask)
            bit = _ONE << np.uint64(slot & 63)
            bits, known = free.starts[need, word], free.known[need, word]
            if not known or (known == _AT_MOST and bits & bit):
                bits = _work_out(people, free, need, word)
            if not bits & bit:
                return int(ask)
    return -1


# --- Places and seats ----------------------------------------------------------------------------


@compiled
def _has_places(places: Numbers, facility: int, first: int, end: int, persons: int) -> bool:
    """Return whether places are left on every night ``first <= n < end``."""
    left = persons
    for night in range(first, end):
        left = min(left, places[facility, night])
    return bool(left >= persons)


@compiled
def _has_seats(
    seat: Numbers,
    rule_kind: Numbers,
    limits: Small,
    aboard: Small,
    first: int,
    end: int,
    departure: int,
) -> bool:
    """Return whether seats are left under the limits of a stage and of whoever is aboard."""
    for n in range(first, end):
        mine, total = seat[n]
        limit = limits[mine, departure]
        for rule in range(rule_kind.size):
            taken = aboard[rule, departure]
            if taken and rule_kind[rule] == rule_kind[mine]:
                total += taken
                limit = min(limit, limits[rule, departure])
        if total > limit:
            return False
    return True


@compiled
def _lacking(given: Calendar, claims: Claims, stage: int, way: int, slot: int) -> np.uint64:
    """Return from which of the 64 slots from ``slot`` on there is no room for the stay."""
    facility, arrives = given.ways.way[way, 3], slot + given.ways.way[way, 4]
    persons, stay = given.stage[stage, 0], given.stage[stage, 1]
    lacking = _NONE
    for night in range(given.night[facility, arrives], given.night[facility, arrives + 63] + 1):
        if claims.room_at[facility, night] != claims.call[0]:
            claims.room_at[facility, night] = claims.call[0]
            claims.room[facility, night] = _has_places(
                claims.places, facility, night, night + stay, persons
            )
        if not claims.room[facility, night]:
            since, until = given.evening[facility, night], given.evening[facility, night + 1]
            lacking |= _between(arrives, since, until)
    return lacking


# --- What is taken and given back ----------------------------------------------------------------


@compiled
def claim_people(people: People, free: Free, rows: Numbers, give: bool) -> None:
    """Take people, or give them back, and let what was worked out of them follow."""
    most = free.known.shape[1] - 1
    for row in range(rows.shape[0]):
        resource, slot, length = rows[row]
        _mark(free.line, resource, slot, length, give)
        for n in range(people.member_first[resource], people.member_first[resource + 1]):
            pool, lead, block = people.member[n, 0], people.member[n, 1], people.member[n, 2]
            first = max((slot - lead - block + 1) >> 6, 0)
            last = min((slot + length - 1 - lead) >> 6, most)
            for need in range(people.need_first[pool], people.need_first[pool + 1]):
                for word in range(first, last + 1):
                    known = free.known[need, word]
                    if give and known and people.need[need, 1] == 1:
                        free.starts[need, word] |= _runs(
                            free.line, resource, word * 64 + lead, block, free.scratch
                        )
                    elif give:
                        free.known[need, word] = 0
                    else:
                        free.known[need, word] = min(known, _AT_MOST)


@compiled
def claim_seats(
    seat_first: Numbers, seat: Numbers, aboard: Small, stage: int, departure: int, times: int
) -> None:
    """Take the seats of a stage on a departure, or (``times`` -1) give them back."""
    for n in range(seat_first[stage], seat_first[stage + 1]):
        aboard[seat[n, 0], departure] += times * seat[n, 1]


# --- Before anything is taken --------------------------------------------------------------------


@compiled
def before(
    ways: Ways,
    mine: Numbers,
    night: Numbers,
    arrives: int,
    ends: Numbers,
    anchors: Numbers,
    found: Numbers,
) -> None:
    """Write the nights of a chain with the last placement of the calendar before each removal.

    ``ends`` holds at which slots ``first <= t < end`` it may end, ``mine`` the ways of a group,
    which arrive ``arrives`` slots after their end, and ``night`` the nights of its facility.
    """
    for n in range(anchors.size):
        first, end = ends[n]
        found[n] = -1
        for slot in range((end - 1) >> 6 << 6, first - 64, -64):
            wanted, line = _between(slot, first, end), _NONE
            for way in mine:
                line |= _bits(ways.lines, ways.way[way, 0], slot - ways.way[way, 2]) & wanted
            if line:
                found[n] = max(night[anchors[n]] - night[slot + _highest(line) + arrives], 0)
                break


@compiled
def _highest(line: np.uint64) -> int:
    """Return the last slot of a word that holds some."""
    bit = 63
    while not line >> np.uint64(bit) & _ONE:
        bit -= 1
    return bit


# --- Search --------------------------------------------------------------------------------------


@compiled
def _early(lead: Numbers, edge: Numbers, minutes: int, since: Numbers, now: int) -> int:
    """Return the first anchor, not before now, that no lead of a leg makes too early for a way."""
    for n in range(lead.size):
        if lead[n] >= 0:
            now = max(now, -(-since[lead[n]] // minutes) - edge[n])
    return now


@compiled
def _in_time(
    given: Calendar,
    stage: int,
    leaving: int,
    now: int,
    end: int,
    until: int,
    since: Numbers,
    found: Numbers,
) -> int:
    """Write the removals that begin after now, depart in time and keep the leads; how many."""
    first, last = given.offer_first[leaving], given.offer_first[leaving + 1]
    offers, departs = given.offer, given.departs
    leads, edges, ways = given.lead[stage, 1], given.ways.edge, given.ways.way
    first += np.searchsorted(offers[first:last, 0], now)
    last = first + np.searchsorted(offers[first:last, 0], end)
    many = 0
    for n in range(first, last):
        anchor, minute, way = offers[n, 0], offers[n, 1], offers[n, 3]
        good = minute < until and anchor + ways[way, 1] >= now
        for k in range(leads.size):
            lead = leads[k]
            if lead >= 0:
                edge = (anchor + edges[way, k]) * given.minutes
                good &= (minute if departs[lead] else edge) >= since[lead]
        if good:
            found[many] = n
            many += 1
    return many


@compiled
def _placement(
    given: Calendar, claims: Claims, stage: int, now: int, end: int, since: Numbers
) -> Found:
    """Return the placement that begins first at a slot ``now <= t < end``."""
    people, ways, stay = given.people, given.ways, given.stage[stage, 1]
    first, shape = given.stage[stage, 4], given.stage[stage, 5]
    last = first + ways.shape_first[shape + 1] - ways.shape_first[shape]
    lines, early = claims.opened[0, 0, : last - first], claims.early[0]
    for way in range(first, last):
        early[way - first] = _early(given.lead[stage, 0], ways.edge[way], given.minutes, since, now)
    word, last_word = now >> 6, ((end - 1) >> 6) + 1
    while True:
        word = _past_shut(
            people,
            claims.free,
            claims.shut,
            claims.blame,
            shape,
            ways.reach[shape],
            word,
            last_word,
        )
        if word >= last_word:
            return Found(-1, -1, 0, -1, 0, 0, 0)
        slot = word * 64
        word += 1
        some = _opened(
            people,
            ways,
            claims.free,
            claims.shut,
            claims.blame,
            shape,
            early,
            slot,
            end,
            lines,
        )
        if some and stay:
            some = _NONE
            for way in range(first, last):
                lacking = _lacking(given, claims, stage, way, slot)
                lines[way - first] &= ~lacking
                some |= lines[way - first]
            if not some:
                claims.blame[given.stage[stage, 2]] += 1
        bit = 0
        while some:
            while not some & _ONE:
                some >>= _ONE
                bit += 1
            for way in range(first, last):
                if lines[way - first] >> np.uint64(bit) & _ONE:
                    drawn = _drawn(people, ways, claims, way, slot + bit, 0)
                    if drawn >= 0:
                        night = 0
                        if stay:
                            _, _, _, facility, arrives = ways.way[way]
                            night = given.night[facility, slot + bit + arrives]
                        return Found(way, slot + bit, drawn, -1, drawn, night, stay)
            some ^= _ONE


@compiled
def _removed(given: Calendar, claims: Claims, stage: int, offer: int, row: int) -> int:
    """Write who attends a removal from a row on; return the end of the rows, or -1."""
    anchor, _, departure, way = given.offer[offer]
    if not _has_seats(
        given.seat,
        given.rule_kind,
        given.limit,
        claims.aboard,
        given.seat_first[stage],
        given.seat_first[stage + 1],
        departure,
    ):
        claims.blame[given.stage[stage, 3]] += 1
        return -1
    ask = _asked(given.people, given.ways, claims.free, way, anchor)
    if ask >= 0:
        claims.blame[given.ways.constraint[ask]] += 1
        return -1
    return _drawn(given.people, given.ways, claims, way, anchor, row)


@compiled
def _removal(
    given: Calendar, claims: Claims, stage: int, now: int, end: int, until: int, since: Numbers
) -> Found:
    """Return the removal that departs first."""
    found = claims.offers
    for n in range(_in_time(given, stage, given.stage[stage, 6], now, end, until, since, found)):
        offer = found[n]
        drawn = _removed(given, claims, stage, offer, 0)
        if drawn >= 0:
            return Found(-1, given.offer[offer, 0], 0, offer, drawn, 0, 0)
    return Found(-1, -1, 0, -1, 0, 0, 0)


@compiled
def _last_open(
    people: People,
    ways: Ways,
    claims: Claims,
    number: int,
    shape: int,
    mine: Numbers,
    first: int,
    end: int,
) -> tuple[int, int]:
    """Return the open placement that ends last at ``first <= t < end``: a way and its anchor."""
    opened, any_, at = claims.opened[number], claims.any[number], claims.opened_at[number]
    below, call = claims.below[number], claims.call[0]
    free, reach = claims.free, ways.reach[shape]
    word = (end - 1) >> 6
    while word >= 0 and word * 64 + 63 >= first:
        slot = word * 64
        if at[word] != call:
            at[word] = call
            below[word] = word - 1
            any_[word] = _NONE
            if word == _past_shut(
                people, free, claims.shut, claims.blame, shape, reach, word, word - 1
            ):
                any_[word] = _opened(
                    people,
                    ways,
                    free,
                    claims.shut,
                    claims.blame,
                    shape,
                    claims.early[number],
                    slot,
                    _END,
                    opened[word, : mine.size],
                )
        some = any_[word] & _between(slot, first, end)
        while some:
            bit = np.uint64(_highest(some))
            for n in range(mine.size):
                if opened[word, n] >> bit & _ONE:
                    anchor = slot + int(bit) - ways.way[mine[n], 2]
                    if _drawn(people, ways, claims, mine[n], anchor, 0) >= 0:
                        return mine[n], anchor
                    opened[word, n] ^= _ONE << bit
            some ^= _ONE << bit
            any_[word] ^= _ONE << bit
        if not any_[word]:
            # Past all that are known to be shut.
            before = below[word]
            while before >= 0 and at[before] == call and not any_[before]:
                before = below[before]
            below[word] = before
            word = before
        else:
            word -= 1
    return -1, -1


@compiled
def _meet(rows: Numbers, drawn: int, end: int) -> bool:
    """Return whether somebody drawn for one leg is drawn for the other at the same time."""
    for one in range(drawn):
        for other in range(drawn, end):
            if (
                rows[one, 0] == rows[other, 0]
                and rows[one, 1] < rows[other, 1] + rows[other, 2]
                and rows[other, 1] < rows[one, 1] + rows[one, 2]
            ):
                return True
    return False


@compiled
def _chain(
    given: Calendar, claims: Claims, stage: int, now: int, end: int, until: int, since: Numbers
) -> Found:
    """Return the pair with the fewest nights, then the first to depart, as the kernel does.

    Each removal waits under the nights it has in an empty world, then under those it can have.
    """
    people, ways, offers = given.people, given.ways, given.offer
    begin, stop = given.group_first[stage], given.group_first[stage + 1]
    lowest, most = now >> 6, ((end - 1) >> 6) + 1
    keys, tried, waiting, number = claims.keys, claims.tried, 0, 0
    for group in range(begin, stop):
        _, leaving, first, last, shape = given.group[group]
        if most == _past_shut(
            people,
            claims.free,
            claims.shut,
            claims.blame,
            shape,
            ways.reach[shape],
            lowest,
            most,
        ):
            continue
        for n in range(last - first):
            claims.early[group - begin, n] = _early(
                given.lead[stage, 0],
                ways.edge[given.group_way[first + n]],
                given.minutes,
                since,
                now,
            )
        shift = given.before_first[group] - given.offer_first[leaving]
        many = _in_time(given, stage, leaving, now, end, until, since, claims.offers)
        for n in range(many - 1, -1, -1):
            offer = claims.offers[n]
            nights = given.before[shift + offer, 2]
            if nights >= 0:
                tried[number + n, 0], tried[number + n, 1] = offer, group
                tried[number + n, 2] = -1
                _keep(keys, waiting, _key(nights, offers[offer, 0], number + n))
                waiting += 1
        number += many
    while waiting:
        waiting -= 1
        nights, one = keys[waiting] >> _NIGHTS, keys[waiting] & _NUMBERS
        offer, group, way, slot = tried[one, 0], tried[one, 1], tried[one, 2], tried[one, 3]
        anchor, facility = offers[offer, 0], given.group[group, 0]
        leaves = given.night[facility, anchor]
        if way < 0:
            row = given.before_first[group] - given.offer_first[given.group[group, 1]] + offer
            way, slot = _last_open(
                people,
                ways,
                claims,
                group - begin,
                given.group[group, 4],
                given.group_way[given.group[group, 2] : given.group[group, 3]],
                max(given.before[row, 0], now),
                given.before[row, 1],
            )
            if way >= 0:
                nights = max(leaves - given.night[facility, slot + ways.way[way, 4]], 0)
                tried[number, 0], tried[number, 1] = offer, group
                tried[number, 2], tried[number, 3] = way, slot
                _keep(keys, waiting, _key(nights, anchor, number))
                waiting += 1
                number += 1
            continue
        if not _has_places(claims.places, facility, leaves - nights, leaves, given.stage[stage, 0]):
            claims.blame[given.stage[stage, 2]] += 1
            continue
        drawn = _drawn(people, ways, claims, way, slot, 0)
        last = _removed(given, claims, stage, offer, drawn)
        if last >= 0 and not _meet(claims.rows, drawn, last):
            return Found(way, slot, drawn, offer, last, leaves - nights, nights)
    return Found(-1, -1, 0, -1, 0, 0, 0)


@compiled
def _key(nights: int, anchor: int, number: int) -> int:
    """Return a number that orders by nights, then by anchor, then by when it was tried."""
    return (nights << _NIGHTS) | (anchor << _ANCHORS) | number


@compiled
def _keep(keys: Numbers, many: int, key: int) -> None:
    """Put a key among those that wait, the least last."""
    while many and keys[many - 1] < key:
        keys[many] = keys[many - 1]
        many -= 1
    keys[many] = key


@compiled
def search(
    given: Calendar,
    claims: Claims,
    stage: int,
    now: int,
    end: int,
    until: int,
    since: Numbers,
) -> Found:
    """Return the best open pattern of a stage, and claim what it takes.

    It begins at slot ``now`` or later; a placement alone before ``end``; a departure has its anchor
    before ``end`` and lies before minute ``until``. ``since`` holds the first minute of each lead.
    """
    claims.call[0] += 1
    claims.blame[:] = 0
    if given.group_first[stage + 1] > given.group_first[stage]:
        found = _chain(given, claims, stage, now, end, until, since)
    elif given.stage[stage, 6] >= 0:
        found = _removal(given, claims, stage, now, end, until, since)
    else:
        found = _placement(given, claims, stage, now, end, since)
    if found.first >= 0:
        claim_people(given.people, claims.free, claims.rows[: found.end], False)
        if found.way >= 0:
            facility = given.ways.way[found.way, 3]
            for night in range(found.night, found.night + found.nights):
                claims.places[facility, night] -= given.stage[stage, 0]
        if found.offer >= 0:
            departure = given.offer[found.offer, 2]
            claim_seats(given.seat_first, given.seat, claims.aboard, stage, departure, 1)
    return found
