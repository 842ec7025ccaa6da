"""The room of lesson 02."""
