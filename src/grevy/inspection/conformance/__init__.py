"""One battery for every inspector: it says what it saw, and leaves the network as it found it."""
