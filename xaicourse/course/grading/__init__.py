"""How answers are judged: knows no lesson."""
