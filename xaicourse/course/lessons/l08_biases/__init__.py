"""The room of lesson 08."""
