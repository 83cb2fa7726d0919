"""How fast the simulator is, in units that hold from one machine to the next."""
