"""Hosts: where the road of packets and the road of names are laid."""
