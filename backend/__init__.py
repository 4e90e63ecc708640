"""The platform: kernel, domains, and the app that wires them."""
