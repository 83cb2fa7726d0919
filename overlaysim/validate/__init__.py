"""The gossip cluster under the conditions of a measurement of the real code, and the comparison.

The reference is NetworkDB (moby/moby ``daemon/libnetwork/networkdb``) on memberlist, unmodified,
many nodes in one process in virtual time; ``data/README.md`` says how its figures were obtained.
"""
