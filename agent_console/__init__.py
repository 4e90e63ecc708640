"""The web console: its typed protocol, the hub that serves it, and the Vue application under web/."""
