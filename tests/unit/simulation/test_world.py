"""Who lives in a simulated world, and whom a step can reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from lounge.errors import Invalid
from lounge.paging.asking import Ask
from lounge.paging.policy import Reach, check
from lounge.paging.simulation.chance import Lot, about, mixed, share, whole
from lounge.paging.simulation.constants import Setting, load_constants, read_setting
from lounge.paging.simulation.variants import VARIANTS, policies

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.simulation.conftest import Small

NOON = 12 * 3_600.0


def ask(reach: Reach, **changed: object) -> Ask:
    plain = Ask(
        case="7",
        room="",
        specialty="cardiology",
        urgency="urgent",
        language="en",
        licence=None,
        author="author",
        country="GB",
        audience="all",
        specialties=(),
        reach=reach,
        people=6,
        asked=frozenset(),
    )
    return msgspec.structs.replace(plain, **changed)


def test_every_constant_says_what_it_is_and_where_it_comes_from() -> None:
    """And the worlds are those that were given: 343,000 members and 3,500 cases; 1.6 million in 80 countries, a hundredfold."""
    constants = load_constants()
    assert all(one.what and one.source for one in constants.behaviour.values())
    assert {one.assumed for one in constants.behaviour.values()} == {True, False}
    known, wide = constants.worlds["us-uk"], constants.worlds["worldwide"]
    assert (known.members, known.cases_a_year) == ({"US": 305_000, "GB": 38_000}, 3_500)
    assert (wide.size, len(wide.members), wide.cases_a_year) == (1_600_000, 80, 350_000)
    for place in constants.places.countries.values():
        assert sum(place.zones.values()) == pytest.approx(1)


def test_every_specialty_and_country_of_the_constants_is_one_of_the_program(small: Small) -> None:
    """Else a case would be nobody's."""
    assert all(one in small.specialties for one in small.constants.specialties.weights)
    assert all(code in small.countries for code in small.constants.places.countries)


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant_is_a_policy_that_could_be_saved(variant: str) -> None:
    """It ends at people who can be reached."""
    assert variant in VARIANTS
    for policy in policies(variant).values():
        check(policy, moderators=1)


def test_as_many_can_be_paged_as_the_shares_say(small: Small) -> None:
    """A tenth has hours, and of the others a fifth agrees: 28 %, to the rounding of cells."""
    world = small.world(small.behaving())
    assert world.responders == pytest.approx(28_000, rel=0.01)
    assert world.moderators == 20


def test_a_step_for_those_on_call_in_one_country_reaches_no_other(small: Small) -> None:
    """All of the specialty, on call, of that country; with wider borders also others."""
    small.setting = Setting("a test", 1, {"GB": 50_000, "IE": 50_000})
    world = small.world(small.behaving())
    near = world.reach(ask(Reach("on_call", 0, "country")), NOON)
    assert near
    assert {(one.crowd.country, one.crowd.specialty) for one in near} == {("GB", "cardiology")}
    assert all(world.on_call(one) for one in near)
    wide = world.reach(ask(Reach("on_call", 0, "world")), NOON)
    assert {one.crowd.country for one in wide} == {"GB", "IE"}


def test_nobody_is_found_who_was_asked_or_has_spent_the_budget_but_for_an_emergency(small: Small) -> None:
    """Whoever bore four pages today is left in peace until tomorrow."""
    small.setting = Setting("a test", 1, {"GB": 5_000})
    world = small.world(small.behaving())
    step = ask(Reach("on_call", 0, "country"))
    first, *others = world.reach(step, NOON)
    assert first not in world.reach(msgspec.structs.replace(step, asked=frozenset({first.member.id})), NOON)
    for one in (first, *others):
        for _ in range(4):
            one.page(NOON, world.local.day(one.crowd.zone), night=False)
    tired = {first, *others}
    assert not tired & set(world.reach(step, NOON))
    assert tired & set(world.reach(msgspec.structs.replace(step, urgency="emergency"), NOON))


def test_whoever_was_paged_longest_ago_comes_first(small: Small) -> None:
    """Within a crowd, which is what the router's index does."""
    crowd = next(one for one in small.world(small.behaving())._crowds if one.size > 3)
    one, two, three = crowd.first(3)
    two.page(10.0, 1, night=False)
    one.page(20.0, 1, night=False)
    assert crowd.first(crowd.size)[-2:] == [two, one]
    assert crowd.first(1) == [three]


def test_a_world_of_ones_own_is_read_and_bounded(small: Small, tmp_path: Path) -> None:
    """What is no world, is too large or lies nowhere is refused, and not quoted."""
    file = tmp_path / "world.json"
    file.write_text('{"source": "ours", "cases_a_year": 10, "members": {"GB": 5}}')
    assert read_setting(file, small.constants, small.countries).size == 5
    for text in (
        '{"members": {"GB": 5}}',
        "[]",
        "\xff",
        '{"source": "", "cases_a_year": 1, "members": {"XX": 5}}',
        '{"source": "", "cases_a_year": 1, "members": {"GB": 6000000}}',
    ):
        file.write_text(text, "latin-1")
        with pytest.raises(Invalid):
            read_setting(file, small.constants, small.countries)


def test_chance_is_fair_and_repeats() -> None:
    """Shares, medians and rounding come out as asked, to a few per cent of ten thousand draws."""
    draws = [mixed(5, number) for number in range(10_000)]
    assert draws == [mixed(5, number) for number in range(10_000)]
    assert sum(share(one) < 0.3 for one in draws) == pytest.approx(3_000, rel=0.05)
    assert sorted(about(3.0, 1.5, one) for one in draws)[5_000] == pytest.approx(3.0, rel=0.06)
    assert sum(whole(2.25, one) for one in draws) == pytest.approx(22_500, rel=0.02)
    lot = Lot({"a": 1.0, "b": 3.0})
    assert sum(lot.draw(one) == "b" for one in draws) == pytest.approx(7_500, rel=0.03)
