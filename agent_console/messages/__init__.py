"""The messages between console and hub, a file for each trade; `agent_console.protocol` puts them together."""
