"""Docker's words: the client's command line and the daemon's objects."""
