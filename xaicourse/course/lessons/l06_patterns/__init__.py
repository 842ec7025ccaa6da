"""The room of lesson 06."""
