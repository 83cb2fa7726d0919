"""Scenarios with bulk traffic for the tests, as text."""

from __future__ import annotations

HEAD = """\
name: bulk
seed: 3
underlay:
  topology: leaf-spine
  hosts: [host-a, host-b, host-c, host-d]
  link: {rate: 1 Gbit/s, delay: 2 us, queue: 20 packets}
  convergence: 300 us
"""

EVERYTHING = f"""\
{HEAD}
timeline:
  - at: 500 us
    fault: {{link: [leaf-1, spine-1], state: down, for: 1 ms}}
  - at: 1 ms
    fault: {{link: [host-c, leaf-2], loss: 5 %, delay: 20 us, jitter: 3 us, for: 1 ms}}
  - at: 1500 us
    every: 700 us
    until: 3 ms
    fault: {{link: [host-d, leaf-2], rate: 100 Mbit/s, queue: 20 kB, mtu: 1100 B, for: 300 us}}
  - at: 2 ms
    fault: {{heal: all}}
bulk:
  - from: [host-a, host-b]
    to: [host-c, host-d]
    rate: 300 Mbit/s
    size: [{{size: 100 B, weight: 7}}, {{size: 600 B, weight: 4}}, {{size: 1400 B, weight: 1}}]
    arrivals: poisson
    stop: 3 ms
  - from: host-d
    to: all
    rate: 400 Mbit/s
    arrivals: on-off
    on: 100 us
    off: 200 us
    phases: exponential
    encapsulation: geneve-opt8
    start: 200 us
    stop: 3 ms
  - {{from: all, to: all, interval: 100 us, size: 56 B, echo: true, spread: 100 us, stop: 3 ms}}
  - from: host-a
    to: host-b
    trace: trace.csv
    stop: 3 ms
    moves: [{{at: 1 ms, to: nobody}}, {{at: 1200 us, to: host-c}}]
    receiver: [{{at: 300 us, state: gone}}, {{at: 600 us, state: there}}]
"""
"""Whatever the vector plane can carry."""

TRACE = "time,size\n" + "".join(f"{number * 20} us,{200 + number}\n" for number in range(100))

SWARM = """\
timeline:
  - on: host-a
    run: docker swarm init
"""
