"""Over the wire to other services of ours: messages, their meaning, and the clients."""
