"""A discrete-event simulator of Docker-Swarm-style overlay networks."""

__version__ = "0.1.0"
