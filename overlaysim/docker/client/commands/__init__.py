"""What each command does: build the request, ask the engine, print the answer."""
