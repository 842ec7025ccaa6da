"""The room of lesson 00."""
