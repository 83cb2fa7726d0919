"""What is typed at the prompt is what a scenario file would say."""

from __future__ import annotations

import pytest
from scenario_reading import read

from overlaysim.errors import InputError
from overlaysim.scenario.fault_words import USAGE, read_fault
from overlaysim.scenario.model import FaultStep
from overlaysim.scenario.places import Places
from overlaysim.underlay.topology import star

PLACES = Places(star(["host-a", "host-b", "host-c"]))


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("link host-b switch down for 10s", "{link: [host-b, switch], state: down, for: 10 s}"),
        ("link host-b switch state up", "{link: [host-b, switch], state: up}"),
        ("link host-a switch loss 5% for 10s", "{link: [host-a, switch], loss: 5 %, for: 10 s}"),
        ("link host-a switch delay 20 ms jitter 2ms queue 5 packets rate 1 Mbit/s mtu 900B",
         "{link: [host-a, switch], delay: 20 ms, jitter: 2 ms, queue: 5 packets, rate: 1 Mbit/s, "
         "mtu: 900 B}"),
        ("host host-b crashed for 20s", "{host: host-b, state: crashed, for: 20 s}"),
        ("host host-b frozen", "{host: host-b, state: frozen}"),
        ("host host-b running", "{host: host-b, state: running}"),
        ("host host-b delay 800ms", "{host: host-b, delay: 800 ms}"),
        ("partition host-a,host-b host-c for 30s",
         "{partition: [[host-a, host-b], [host-c]], for: 30 s}"),
        ("block 7946/udp at host-b", "{block: 7946/udp, at: host-b}"),
        ("block 7946/udp,7946/tcp 4789/udp at host-a switch for 1 min",
         "{block: [7946/udp, 7946/tcp, 4789/udp], at: [host-a, switch], for: 60 s}"),
        ("churn starts 2/s stops 1/min network net hosts host-b,host-c for 60s",
         "{churn: {starts: 2/s, stops: 1/min, network: net, hosts: [host-b, host-c]}, for: 60 s}"),
        ("churn leaves 1 /h", "{churn: {leaves: 1/h}}"),
        ("heal", "{heal: all}"),
        ("heal partition", "{heal: partition}"),
        ("heal host-b switch", "{heal: [host-b, switch]}"),
    ],
)  # fmt: skip
def test_words_mean_what_keys_mean(typed: str, written: str) -> None:
    (step,) = read(f"name: x\ntimeline: [{{fault: {written}}}]\n").timeline
    assert isinstance(step, FaultStep)
    assert read_fault(typed.split(), PLACES) == step.order


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "fault: write a kind"),
        ("lnik host-a switch down", "did you mean link?"),
        ("link host-a", USAGE["link"]),
        ("link host-a host-b down", "fault: link: no link between host-a and host-b"),
        ("link host-a switch dwon", "did you mean down?"),
        ("link host-a switch los 5%", "did you mean loss?"),
        ("link host-a switch loss 5% loss 6%", "loss is there twice"),
        ("link host-a switch down for", "fault: for: expected a duration, found nothing"),
        ("link host-a switch down for ever", 'fault: for: "ever" is not a duration'),
        ("host", USAGE["host"]),
        ("host host-b for 3s", USAGE["host"]),
        ("host host-b crashed soon", USAGE["host"]),
        ("host host-x crashed", 'fault: host: there is no host "host-x"; did you mean'),
        ("partition for 3s", USAGE["partition"]),
        ("partition host-a,,host-b", "fault: partition[0][1]: expected a name"),
        ("block 7946/udp", USAGE["block"]),
        ("block at host-a", USAGE["block"]),
        ("block 7946/udp at host-a switch host-b", USAGE["block"]),
        ("block 7946 at host-a", '"7946" is not a port'),
        ("heal host-a switch host-b", USAGE["heal"]),
        ("churn", USAGE["churn"]),
        ("churn for 3s", USAGE["churn"]),
        ("churn lots starts 1/s", USAGE["churn"]),
        ("churn starts often", 'fault: churn.starts: "often" is not how often'),
        ("heal nobody", 'there is no "nobody" here'),
    ],
)
def test_wrong_words(typed: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read_fault(typed.split(), PLACES)
    assert message in str(caught.value)
    assert str(caught.value).startswith("fault: ")


def test_a_flood_of_mistakes_is_still_one_error() -> None:
    with pytest.raises(InputError, match="stopped after 100 problems"):
        read_fault(["partition", ",".join(f"nobody-{n}" for n in range(500))], PLACES)
