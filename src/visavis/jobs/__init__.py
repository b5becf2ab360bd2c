"""Work that takes time: who tells workers of it, and the stream of logs."""
