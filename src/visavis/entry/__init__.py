"""The roof: doors (HTTP, web pages, command line) and the wiring that builds what they use."""
