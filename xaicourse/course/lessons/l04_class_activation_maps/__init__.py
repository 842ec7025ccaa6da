"""The room of lesson 04."""
