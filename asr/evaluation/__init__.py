"""How well a model hears: calls spoken on purpose, and the measure of what the recogniser makes of them."""
