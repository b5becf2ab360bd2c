"""The web door: pages in the browser, on the same use cases as the API."""
