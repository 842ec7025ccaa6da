"""One room a lesson: its text, its tasks, its panel, and what only it needs."""
