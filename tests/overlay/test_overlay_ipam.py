"""Addresses, subnets and VNIs: order, limits, and that nothing is given twice."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from overlaysim.errors import InputError, ModelError
from overlaysim.overlay import (
    AddressInUse,
    AddressPool,
    PoolExhausted,
    SubnetPool,
    VniPool,
    mac_for,
    overlay_mtu,
)


def test_the_worked_example() -> None:
    # Containers .2 and .4, load-balancer endpoints .3 and .5, VIP .6, tasks .7 to .11: handed out
    # in this order on 10.0.1.0/24 with gateway .1 (observed on a five-host swarm).
    subnets, vnis = SubnetPool(), VniPool()
    assert (subnets.allocate(), vnis.allocate()) == ("10.0.0.0/24", 4096)  # ingress
    assert (subnets.allocate(), vnis.allocate()) == ("10.0.1.0/24", 4097)  # app-overlay
    pool = AddressPool("10.0.1.0/24")
    assert (pool.gateway, pool.subnet, pool.prefix_length) == ("10.0.1.1", "10.0.1.0/24", 24)
    assert [pool.allocate() for _ in range(10)] == [f"10.0.1.{n}" for n in range(2, 12)]


def test_released_addresses_are_not_reused_before_the_search_wraps() -> None:
    pool = AddressPool("10.0.1.0/28")
    given = [pool.allocate() for _ in range(8)]
    pool.release(given[0])
    pool.release(given[5])
    assert [pool.allocate() for _ in range(5)] == [f"10.0.1.{n}" for n in (10, 11, 12, 13, 14)]
    assert pool.allocate() == given[0]
    assert pool.allocate() == given[5]
    with pytest.raises(PoolExhausted, match=r"no free address is left in 10\.0\.1\.0/28"):
        pool.allocate()


def test_a_fixed_address_does_not_move_the_place_of_the_search() -> None:
    pool = AddressPool("10.0.1.0/24")
    assert pool.request("10.0.1.100") == "10.0.1.100"
    assert pool.request("10.0.1.3") == "10.0.1.3"
    assert [pool.allocate() for _ in range(3)] == ["10.0.1.2", "10.0.1.4", "10.0.1.5"]


def test_a_24_has_253_addresses_besides_its_gateway() -> None:
    pool = AddressPool("10.0.1.0/24")
    assert len({pool.allocate() for _ in range(253)}) == 253
    with pytest.raises(PoolExhausted):
        pool.allocate()


def test_a_given_gateway_leaves_the_first_address_to_containers() -> None:
    pool = AddressPool("10.0.1.0/24", gateway="10.0.1.254")
    assert pool.gateway == "10.0.1.254"
    assert pool.allocate() == "10.0.1.1"


def test_dynamic_addresses_and_the_gateway_come_from_the_range() -> None:
    pool = AddressPool("10.9.0.0/24", ip_range="10.9.0.128/30")
    assert pool.gateway == "10.9.0.128"
    assert [pool.allocate() for _ in range(3)] == ["10.9.0.129", "10.9.0.130", "10.9.0.131"]
    assert pool.request("10.9.0.7") == "10.9.0.7"
    with pytest.raises(PoolExhausted):
        pool.allocate()
    pool.release("10.9.0.7")
    with pytest.raises(PoolExhausted):
        pool.allocate()


def test_a_31_has_no_reserved_addresses() -> None:
    pool = AddressPool("10.0.1.0/31")
    assert (pool.gateway, pool.allocate()) == ("10.0.1.0", "10.0.1.1")


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("10.0.1.0", AddressInUse, "the address 10.0.1.0 of 10.0.1.0/24 is reserved"),
        ("10.0.1.255", AddressInUse, "is reserved"),
        ("10.0.1.1", AddressInUse, "the address 10.0.1.1 of 10.0.1.0/24 is in use"),
        ("10.0.2.1", InputError, "the address 10.0.2.1 is not in the subnet 10.0.1.0/24"),
        ("10.0.1", InputError, '"10.0.1" is not an IPv4 address; write one as in 10.0.1.2'),
    ],
)
def test_addresses_that_cannot_be_had(address: str, error: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        AddressPool("10.0.1.0/24").request(address)
    assert message in str(caught.value)


@pytest.mark.parametrize("address", ["10.0.1.0", "10.0.1.9"])
def test_releasing_what_nobody_had_is_a_bug(address: str) -> None:
    with pytest.raises(ModelError, match="nobody had it"):
        AddressPool("10.0.1.0/24").release(address)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("10.0.1.1/24",), '"10.0.1.1/24" is not a subnet; write a network address'),
        (("10.0.1.0/24", "10.0.2.1"), "not in the subnet"),
        (("10.0.1.0/24", None, "10.0.2.0/25"), "the range 10.0.2.0/25 is not part of the subnet"),
    ],
)
def test_pools_that_make_no_sense(arguments: Any, message: str) -> None:
    with pytest.raises(InputError) as caught:
        AddressPool(*arguments)
    assert message in str(caught.value)


def test_the_lowest_free_subnet_is_next() -> None:
    pool = SubnetPool()
    given = [pool.allocate() for _ in range(4)]
    assert given == ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]
    pool.release("10.0.1.0/24")
    assert [pool.allocate(), pool.allocate()] == ["10.0.1.0/24", "10.0.4.0/24"]


def test_asked_for_subnets_are_skipped_over() -> None:
    pool = SubnetPool()
    assert pool.request("10.0.0.0/23") == "10.0.0.0/23"
    pool.request("10.0.3.64/26")
    pool.request("192.168.5.0/24")
    assert [pool.allocate() for _ in range(2)] == ["10.0.2.0/24", "10.0.4.0/24"]


def test_a_subnet_that_overlaps_another_cannot_be_had() -> None:
    pool = SubnetPool()
    pool.allocate()
    with pytest.raises(AddressInUse, match=r"10\.0\.0\.0/16 overlaps 10\.0\.0\.0/24"):
        pool.request("10.0.0.0/16")


def test_several_pools_are_used_in_the_order_of_their_addresses() -> None:
    pool = SubnetPool(("30.1.0.0/23", "20.1.0.0/24"), mask=24)
    assert [pool.allocate() for _ in range(3)] == ["20.1.0.0/24", "30.1.0.0/24", "30.1.1.0/24"]
    with pytest.raises(PoolExhausted, match=r"no free /24 subnet is left in 20\.1\.0\.0/24, 30"):
        pool.allocate()
    with pytest.raises(ModelError):
        pool.release("20.1.1.0/24")


def test_the_whole_default_pool() -> None:
    pool = SubnetPool(("10.0.0.0/16",))
    assert len({pool.allocate() for _ in range(256)}) == 256


@pytest.mark.parametrize(
    ("pools", "mask", "message"),
    [
        (("10.0.0.0/8",), 30, "write a mask length from 8 to 29"),
        (("10.0.0.0/25",), 24, "write a mask length from 25 to 29"),
        (("10.0.0.0/8", "10.1.0.0/16"), 24, "10.0.0.0/8 and 10.1.0.0/16 overlap"),
        (("10.0.0.1/8",), 24, "is not a pool of subnets"),
    ],
)
def test_subnet_pools_that_make_no_sense(pools: Any, mask: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        SubnetPool(pools, mask)
    assert message in str(caught.value)


def test_vnis_go_on_from_the_last_one_and_wrap() -> None:
    pool = VniPool(first=4096, last=4099)
    assert [pool.allocate() for _ in range(3)] == [4096, 4097, 4098]
    pool.release(4096)
    assert [pool.allocate(), pool.allocate()] == [4099, 4096]
    with pytest.raises(PoolExhausted, match="all VNIs from 4096 to 4099 are in use"):
        pool.allocate()


def test_a_vni_can_be_asked_for() -> None:
    pool = VniPool()
    assert pool.request(4097) == 4097
    assert pool.request(77) == 77  # below what is given unasked
    assert [pool.allocate(), pool.allocate()] == [4096, 4098]
    with pytest.raises(AddressInUse, match="VNI 77 is in use"):
        pool.request(77)
    with pytest.raises(InputError, match="from 0 to 16777215"):
        pool.request(1 << 24)
    with pytest.raises(ModelError):
        pool.release(78)


def test_mac_is_02_42_and_the_address() -> None:
    assert mac_for("10.0.1.2") == "02:42:0a:00:01:02"


@pytest.mark.parametrize(
    ("underlay", "plain", "encrypted"), [(1500, 1450, 1424), (1450, 1400, 1372), (9000, 8950, 8924)]
)
def test_mtu(underlay: int, plain: int, encrypted: int) -> None:
    assert overlay_mtu(underlay) == plain
    assert overlay_mtu(underlay, encrypted=True) == encrypted


class PoolMachine(RuleBasedStateMachine):
    """Whatever is done to a small pool: no address has two owners, and none gets lost."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = AddressPool("10.0.1.0/28", ip_range="10.0.1.8/29")
        self.held = {self.pool.gateway}

    @rule()
    def allocate(self) -> None:
        free = {f"10.0.1.{n}" for n in range(8, 15)} - self.held
        try:
            address = self.pool.allocate()
        except PoolExhausted:
            assert not free
            return
        assert address in free
        self.held.add(address)

    @rule(last=st.integers(0, 17))
    def request(self, last: int) -> None:
        address = f"10.0.1.{last}"
        if address in self.held or last in {0, 15}:
            with pytest.raises(AddressInUse):
                self.pool.request(address)
        elif last > 15:
            with pytest.raises(InputError):
                self.pool.request(address)
        else:
            assert self.pool.request(address) == address
            self.held.add(address)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        address = data.draw(st.sampled_from(sorted(self.held)))
        self.pool.release(address)
        self.held.remove(address)


TestPool = PoolMachine.TestCase
