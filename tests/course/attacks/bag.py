"""A bag of answers to the tasks of one lesson, as an attacker fills it."""

__all__ = ["Bag"]


class Bag(list):
    """Answers: kind (wrong or right), task, name, why, and the arguments of a check."""

    def add(self, kind, task, name, truth, answer):
        assert (task, name) not in {(a["task"], a["name"]) for a in self}
        self.append({"kind": kind, "task": task, "name": name, "why": truth, "args": (answer,)})

    def W(self, task, truth):
        """Decorate a wrong function."""

        def enter(function):
            self.add("wrong", task, function.__name__, truth, function)
            return function

        return enter

    def R(self, task, truth=""):
        """Decorate a right function."""

        def enter(function):
            self.add("right", task, function.__name__, truth, function)
            return function

        return enter

    def w(self, task, name, truth, *answer):
        """Add a wrong answer; of several parts it is a tuple."""
        self.add("wrong", task, name, truth, answer[0] if len(answer) == 1 else answer)

    def r(self, task, name, truth, *answer):
        """Add a right answer."""
        self.add("right", task, name, truth, answer[0] if len(answer) == 1 else answer)
