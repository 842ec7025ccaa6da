"""The room of lesson 01."""
