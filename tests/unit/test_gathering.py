"""Who is in a lounge, over all nodes, and what its followers are told of it (lounge.attendance, lounge.gathering)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lounge.attendance import GRACE, Attendance
from lounge.gathering import NODES, SHOWN, SILENCE, Change, Gathering, State
from lounge.live.messages import Present

NOBODY = State(0, 0, None)


def who(number: int) -> bytes:
    return number.to_bytes(8, "big")


def person(number: int) -> Present:
    return Present(f"member-{number:03}", "Physician")


def people(numbers: set[int], *, named: bool = True) -> dict[bytes, Present | None]:
    return {who(n): person(n) if named else None for n in numbers}


class Follower:
    """A client that applies what it is told, as the protocol's page says."""

    def __init__(self, state: State) -> None:
        self.version, self.count = state.version, state.count
        self.here = None if state.here is None else {one.alias: one for one in state.here}

    def apply(self, change: Change) -> None:
        assert change.base in (0, self.version)
        self.version, self.count = change.version, change.count
        if change.base == 0:
            self.here = None if change.here is None else {one.alias: one for one in change.here}
        elif change.count > SHOWN or self.here is None:
            self.here = None
        else:
            for alias in change.went:
                del self.here[alias]
            self.here |= {one.alias: one for one in change.came}

    def sees(self, state: State) -> bool:
        here = None if state.here is None else {one.alias: one for one in state.here}
        return (self.version, self.count, self.here) == (state.version, state.count, here)


members = st.sets(st.integers(1, 60), max_size=60)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 60), members),
        st.tuples(st.just("take"), st.integers(1, 60), members),
        st.tuples(st.just("heard"), st.integers(1, 3), members),
        st.tuples(st.just("pass"), st.integers(1, 20), members),
        st.tuples(st.just("join"), st.just(0), members),
    ),
    max_size=40,
)


@given(steps)
def test_changes_applied_from_any_version_make_the_state(taken: list[tuple[str, int, set[int]]]) -> None:
    """Whoever was told the state once and every change since holds what a newcomer is told; it is the union of all nodes."""
    gathering = Gathering(7)
    followers = [Follower(gathering.state())]
    local: set[int] = set()
    nodes: dict[int, tuple[float, set[int]]] = {}
    now, version = 0.0, 0
    for kind, number, some in taken:
        version += 1
        if kind == "put":
            local.add(number)
            gathering.put(who(number), person(number))
        elif kind == "take":
            local.discard(number)
            gathering.take(who(number))
        elif kind == "heard":
            nodes[number] = (now, some)
            gathering.heard(who(number), version, people(some, named=len(some) <= SHOWN), now)
        elif kind == "pass":
            now += number
            gathering.expire(now)
            nodes = {name: (at, some) for name, (at, some) in nodes.items() if now - at < SILENCE}
        else:
            followers.append(Follower(gathering.state()))
            continue
        if (change := gathering.flush()) is not None:
            for follower in followers:
                follower.apply(change)
        union = local.union(*(some for _, some in nodes.values()))
        state = gathering.state()
        assert state.count == len(union)
        assert state.here == (None if len(union) > SHOWN else [person(n) for n in sorted(union)])
        assert all(follower.sees(state) for follower in followers)


@given(st.permutations(range(1, 8)))
def test_the_newest_word_of_a_node_holds_whatever_the_order_of_arrival(order: list[int]) -> None:
    """What a node said before it said something newer changes nothing."""
    gathering = Gathering(1)
    for version in order:
        gathering.heard(who(9), version, people({version}), 0.0)
    gathering.flush()
    assert gathering.state().here == [person(7)]


def test_a_node_that_falls_silent_takes_its_members_along() -> None:
    """Those whom another node names as well stay; the silence is measured on this node's clock alone."""
    gathering = Gathering(1)
    gathering.heard(who(1), 5, people({1, 2}), 100.0)
    gathering.heard(who(2), 1, people({2, 3}), 120.0)
    gathering.expire(100.0 + SILENCE - 0.001)
    gathering.flush()
    assert gathering.state().count == 3
    gathering.expire(100.0 + SILENCE)
    change = gathering.flush()
    assert change is not None
    assert (change.came, change.went) == ([], [person(1).alias])
    gathering.expire(120.0 + SILENCE)
    gathering.flush()
    assert gathering.quiet


def test_more_nodes_than_there_can_be_are_not_heard() -> None:
    """The memory of a room is bounded."""
    gathering = Gathering(1)
    for number in range(NODES + 10):
        gathering.heard(who(number), 1, people({number}), 0.0)
    gathering.flush()
    assert gathering.state().count == NODES


def test_nothing_is_told_where_nothing_changed() -> None:
    """Who comes and goes between two turns was never there, and news of the same state is none."""
    gathering = Gathering(1)
    gathering.put(who(1), person(1))
    assert gathering.flush() is not None
    gathering.put(who(2), person(2))
    gathering.take(who(2))
    gathering.heard(who(5), 1, people({1}), 0.0)
    assert gathering.flush() is None


attended = st.lists(st.tuples(st.sampled_from(["come", "go", "wait"]), st.integers(0, 7)), max_size=60)


@given(attended)
def test_a_member_is_here_while_a_device_is_and_for_a_grace(taken: list[tuple[str, int]]) -> None:
    """Two devices each of four members; nobody else is remembered."""
    attendance = Attendance()
    devices: set[int] = set()
    left: dict[int, float] = {}
    now = 0.0
    for kind, number in taken:
        if kind == "come":
            first = number // 2 not in left and not devices & {number // 2 * 2, number // 2 * 2 + 1}
            assert attendance.come(number, who(number // 2)) == (first and number not in devices)
            devices.add(number)
            left.pop(number // 2, None)
        elif kind == "go":
            attendance.go(number, now)
            if number in devices:
                devices.discard(number)
                if not devices & {number // 2 * 2, number // 2 * 2 + 1}:
                    left[number // 2] = now + GRACE
        else:
            now += number
            gone = {who(member) for member, until in left.items() if until <= now}
            assert set(attendance.expire(now)) == gone
            left = {member: until for member, until in left.items() if until > now}
        assert set(attendance.members) == {who(d // 2) for d in devices} | {who(member) for member in left}
        assert len(attendance) == len(attendance.members)
