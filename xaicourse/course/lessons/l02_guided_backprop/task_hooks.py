"""Task 02.4: what a hook gives on six spellings of one net."""

from xaicourse.course.grading.paper import Row, WordPart, paper_task, row

__all__ = ["HOOKS_LOOK_AWAY"]


def net(name: str, right: str, *rows: Row) -> WordPart:
    """Return the part for one net: what comes out of the hooked net."""
    return WordPart(name, right, *rows, words={word: word for word in ("right", "wrong", "error")})


HOOKS_LOOK_AWAY = paper_task(
    "02.4",
    net(
        "A",
        "right",
        row(
            "modules_missed",
            "Net A has two modules nn.ReLU, each called once. Both are hooked, and each keeps its "
            "own gate.",
            "wrong",
        ),
        row("modules_missed", "", "error"),
    ),
    net(
        "B",
        "wrong",
        row(
            "functional_seen",
            "Net B calls a function. There is no module, so no hook is called, and the plain "
            "gradient comes out.",
            "right",
        ),
        row(
            "functional_error",
            "Net B calls a function. There is no module, so no hook is called. Nothing stops: the "
            "plain gradient comes out in silence.",
            "error",
        ),
    ),
    net(
        "C",
        "wrong",
        row(
            "shared_right",
            "Net C uses one module twice. The second call overwrites the gate that the first one "
            "noted.",
            "right",
        ),
        row(
            "shared_error",
            "Net C uses one module twice. With layers of equal width nothing stops: the second "
            "call overwrites the gate that the first one noted.",
            "error",
        ),
    ),
    net(
        "D",
        "wrong",
        row(
            "relu6_seen",
            "Net D has modules nn.ReLU6. isinstance(module, nn.ReLU) is false for them: nn.ReLU6 "
            "is a class of its own.",
            "right",
        ),
        row(
            "relu6_error",
            "Net D has modules nn.ReLU6, for which isinstance(module, nn.ReLU) is false. No hook, "
            "no error: the plain gradient.",
            "error",
        ),
    ),
    net(
        "E",
        "right",
        row(
            "subclass_missed",
            "Net E uses a class made from nn.ReLU. isinstance is true for it, so both modules are "
            "hooked.",
            "wrong",
        ),
        row("subclass_missed", "", "error"),
    ),
    net(
        "F",
        "error",
        row(
            "in_place_right",
            "Net F changes its tensor in place, and to a module with a full backward hook PyTorch "
            "hands a view of that tensor. Does it allow that? Try it.",
            "right",
        ),
        row(
            "in_place_silent",
            "Net F does not give another map. Would PyTorch stay silent when the tensor that it "
            "hands to a hooked module is changed in place? Try it.",
            "wrong",
        ),
    ),
    passed="You know where the hook looks away, and that it does so in silence.",
    evidence="{right} of your six answers are right. The message is about the first wrong one.",
    hints=(
        "The hook is put on every module for which isinstance(module, nn.ReLU) is true, and it is "
        "called when that module is called. Ask for each net: is there such a module? Is it called "
        "once or twice?",
        "nn.ReLU6 is not a kind of nn.ReLU for Python; a class MyReLU(nn.ReLU) is. A function has "
        "no module at all. And a backward hook hands out views of tensors, which must not be "
        "changed in place.",
        "You may try it: copy the lesson's function into a new cell, build the six nets, and "
        "compare with xc.guided_backprop. Two of the six are right, one stops with an error.",
    ),
)
