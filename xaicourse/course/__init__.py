"""The course half: the lessons, a room each, how answers are judged, and how they are checked."""
