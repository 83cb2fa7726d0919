"""Managers, allocator, scheduler, services, tasks: the swarm."""
