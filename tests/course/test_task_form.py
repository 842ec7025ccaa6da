"""The form of a task: what a mistake makes of the right function, tables of rows and of claims."""

import inspect
from dataclasses import replace
from unittest.mock import ANY

import pytest
import torch
from torch import nn

from xaicourse.course.checking import TASKS, check, or_reference
from xaicourse.course.grading import messages
from xaicourse.course.grading.cases import CaseGrader, case, waves
from xaicourse.course.grading.claims import Claim, claim_task, wrong
from xaicourse.course.grading.function_task import function_task
from xaicourse.course.grading.mistakes import (
    after,
    before,
    beside,
    own,
    saying,
    swap,
    without_steps,
)
from xaicourse.course.grading.paper import Part, WordPart, paper_task, row
from xaicourse.course.grading.shared_mistakes import WHICH_NUMBER, pick
from xaicourse.course.grading.verdict import Settled

HINTS = ("first", "second", "third")


@pytest.fixture(autouse=True)
def _forget_made_up_tasks():
    yield
    for task in [task for task in messages.catalogue()["tasks"] if task.startswith("99.")]:
        messages.catalogue()["tasks"].pop(task)


def judged(task, answer):
    try:
        return task.grade(answer)
    except Settled as settled:
        return settled.outcome


# ---------------------------------------------------------------- mistakes


def right(x, k, *, power=torch.square, join=lambda a: a.sum(1)):
    """Return k times the sum of squares."""
    return k * join(power(x))


X, K = torch.tensor([[1.0, -2.0], [3.0, 4.0]]), 2.0
EXPECTED = torch.tensor([10.0, 50.0])


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        (swap("sizes", "", power=torch.abs), [6.0, 14.0]),
        (swap("two", "", power=torch.abs, join=lambda a: a.amax(1)), [4.0, 8.0]),
        (before("other", "", x=lambda x: x + 1), [10.0, 82.0]),
        (before("both", "", x=lambda x, k: k * x, k=lambda k: -k), [-40.0, -200.0]),
        (after("minus", "", lambda result: -result), [-10.0, -50.0]),
        (after("built_in", "", torch.neg), [-10.0, -50.0]),
        (after("by_k", "", lambda result, k: result / k), [5.0, 25.0]),
        (own("own", "", lambda x, k: k * x[:, 0]), [2.0, 6.0]),
    ],
)
def test_a_mistake_makes_a_wrong_function(mistake, expected):
    function = mistake.make(right)
    assert function(X, K).tolist() == function(x=X, k=K).tolist() == expected
    assert right(X, K).tolist() == EXPECTED.tolist()  # the right one is as it was


def test_a_step_that_the_right_function_has_not_is_refused():
    with pytest.raises(ValueError, match="'oops': right has no step 'root'"):
        swap("oops", "", root=torch.sqrt).make(right)


def test_the_steps_are_hidden_and_the_source_is_not():
    shown = without_steps(right)
    assert list(inspect.signature(shown).parameters) == ["x", "k"]
    assert shown(X, k=K).tolist() == EXPECTED.tolist()
    assert "Return k times" in inspect.getsource(shown)
    with pytest.raises(TypeError, match="power"):
        shown(X, K, power=torch.abs)


@pytest.mark.parametrize("task", TASKS)
def test_no_reference_shows_a_step(task):
    reference = or_reference(task, None)
    if inspect.isfunction(reference):
        kinds = [each.kind for each in inspect.signature(reference).parameters.values()]
        assert inspect.Parameter.KEYWORD_ONLY not in kinds


def test_the_holes_of_shared_words_are_filled():
    filled = saying(WHICH_NUMBER, score="logit")
    assert [mistake.name for mistake in filled] == [mistake.name for mistake in WHICH_NUMBER]
    assert not any("{" in mistake.says for mistake in filled)
    assert any("{score}" in mistake.says for mistake in WHICH_NUMBER)


def test_which_number_is_explained():
    scores, target = waves(1.3, 3, 4), torch.tensor([2, 0, 1])

    def score_of(scores, target, *, score=pick):
        return score(scores, target)

    made = {mistake.name: mistake.make(score_of)(scores, target) for mistake in WHICH_NUMBER}
    assert made["first_target"].tolist() == scores[:, 2].tolist()
    assert made["best_class"].tolist() == scores.max(1).values.tolist()
    assert made["all_classes"].tolist() == scores.sum(1).tolist()
    assert score_of(scores, target).tolist() == scores[[0, 1, 2], [2, 0, 1]].tolist()


# ---------------------------------------------------------------- functions


def squares(*more, **settings):
    return function_task(
        "99.1",
        right,
        cases=[case("small", "two inputs", x=X, k=K), case("large", "another", x=3 * X + 1, k=5.0)],
        mistakes=[
            swap("sizes", "You take sizes of {section_split}.", power=torch.abs),
            after("sizes", "", lambda result: result.sqrt()),
            after("minus", "A minus.", lambda result: -result),
            *more,
        ],
        passed="Good.",
        hints=HINTS,
        **settings,
    )


def test_a_function_is_judged_by_its_data():
    task = squares()
    assert task.grade(task.reference).message == "Good."
    for name, function in task.misconceptions.items():
        assert judged(task, function).diagnosis == name
    assert judged(task, lambda x, k: right(x, k).sqrt()).diagnosis == "sizes"  # its other form
    assert "lesson 08" in judged(task, task.misconceptions["sizes"]).message
    assert (task.hints, messages.entry("tasks/99.1/cases/large")) == (HINTS, "another")


def test_a_task_may_leave_a_choice():
    """Without the first input: right as well, and each mistake has this form, too."""
    task = squares(or_right=[before("rest", "", x=lambda x: x - x[:1])])
    rest = task.grade.or_right[0]
    assert rest(X, K).tolist() == [0.0, 80.0]
    for function in (task.reference, rest):
        assert task.grade(function).status == "passed"
        outcome = task.grade(lambda x, k, function=function: -function(x, k))
        assert (outcome.status, outcome.diagnosis) == ("not_right", "minus")
    assert squares().grade(rest).status == "not_right"
    one_of_each = task.grade(lambda x, k: rest(x, k) if k == K else right(x, k))
    assert (one_of_each.status, one_of_each.diagnosis) == ("not_right", None)


class WithNumber(CaseGrader):
    def __call__(self, answer):
        if answer["number"] != 7:
            raise Settled(replace(super().__call__(self.right), status="not_right"))
        return super().__call__(answer["right"])


def test_a_function_may_be_one_part_of_an_answer():
    mistake = beside("eight", "Not eight.", number=8)
    task = squares(mistake, parts={"number": 7, "word": "a"}, grader=WithNumber)
    assert list(task.reference) == ["right", "number", "word"]
    assert task.misconceptions["eight"] == {**task.reference, "number": 8, "right": ANY}
    assert task.misconceptions["eight"]["right"](X, K).tolist() == EXPECTED.tolist()
    assert task.misconceptions["minus"]["number"] == 7
    assert "eight" not in task.grade.misconceptions  # its function is right
    assert judged(task, task.reference).status == "passed"
    assert judged(task, task.misconceptions["minus"]).diagnosis == "minus"
    assert judged(task, task.misconceptions["eight"]).status == "not_right"


def test_words_stand_in_one_place_only():
    messages.catalogue()["tasks"]["99.9"] = {"passed": "Good."}
    with pytest.raises(ValueError, match=r"99\.9 has words both"):
        messages.enter("99.9", {"passed": "Good."})


# ---------------------------------------------------------------- what is left behind


def net():
    layers = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.ReLU())
    for k, parameter in enumerate(layers.parameters()):
        parameter.data = waves(0.7 + k, *parameter.shape)
    return layers.eval()


def output(model, x):
    return model(x)


def leaves_hooks(model, x):
    model[2].register_forward_hook(lambda module, given, out: None)
    return model(x)


def fills_weights(model, x):
    model(x).sum().backward()
    return model(x)


def leaves_mode(model, x):
    found = model(x)
    model.train()
    return found


def changes_model(model, x):
    found = model(x)
    model[0].weight.data.mul_(2)
    return found


def freezes(model, x):
    model.requires_grad_(False)
    return model(x)


TRACES = [leaves_hooks, fills_weights, leaves_mode, changes_model]


def outputs(*mistakes, **settings):
    return function_task(
        "99.2",
        output,
        cases=[case("one", "one input", model=net(), x=X)],
        mistakes=mistakes,
        passed="Good.",
        hints=HINTS,
        **settings,
    )


@pytest.mark.parametrize("trace", TRACES)
def test_what_a_right_answer_leaves_on_a_model_is_seen_and_put_back(trace):
    task = outputs()
    outcome = task.grade(trace)
    assert (outcome.status, outcome.diagnosis) == ("not_right", trace.__name__), outcome
    assert "The numbers are right" in outcome.message
    assert "model" in outcome.message
    model, fresh = task.grade.cases[0].values["model"], net()
    assert not any(module._forward_hooks or module.training for module in model.modules())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(map(torch.equal, model.parameters(), fresh.parameters()))


def test_frozen_parameters_are_a_changed_model():
    assert outputs().grade(freezes).diagnosis == "changes_model"


def test_a_task_may_name_what_is_left_behind():
    mistake = own("spoils_the_net", "You spoil it.", changes_model, seen_in="traces")
    task = outputs(mistake, left={"changes_model": "spoils_the_net"})
    assert task.grade(changes_model).message == "You spoil it."
    assert task.grade.misconceptions == {}  # right numbers: never compared with others


def test_wrong_numbers_come_first():
    task = outputs(after("minus", "A minus.", lambda result: -result))
    assert task.grade(lambda model, x: -leaves_hooks(model, x)).diagnosis == "minus"


def test_an_argument_that_asks_for_gradients_afterwards_is_seen():
    def leaves_grad(model, x):
        return model(x.requires_grad_())

    def on_a_copy(model, x):
        return model(x.detach().clone().requires_grad_())

    assert outputs().grade(on_a_copy).status == "passed"
    found = outputs().grade(leaves_grad)
    assert (found.diagnosis, "caller's x" in found.message) == ("leaves_grad", True)
    named = own("leaves_grad", "x asks.", leaves_grad, seen_in="traces")
    assert outputs(named).grade(leaves_grad).diagnosis == "leaves_grad"


def test_a_grad_of_x_is_always_minded():
    def fills(model, x):
        model(x.requires_grad_()).sum().backward(inputs=[x])
        return model(x)

    assert outputs().grade(fills).diagnosis == "leaves_grad"


def backward(model, x):
    point = x.detach().clone().requires_grad_()
    model(point).sum().backward()
    return model(x)


def frozen():
    """Return the task with a net whose weights ask for no gradients, as in most cases."""
    model = net().requires_grad_(False)
    one = case("one", "one input", model=model, x=torch.ones(1, 2))

    def output(model, x):
        return model(x)

    mistake = own("fills_weights", "You fill.", backward, seen_in="traces")
    more = {"cases": [one], "passed": "Good.", "hints": HINTS}
    return lambda *mistakes: function_task("99.6", output, mistakes=mistakes, **more), mistake


def test_a_grad_of_weights_is_seen_where_they_ask_for_no_gradients():
    task, _ = frozen()
    outcome = task().grade(backward)
    assert outcome.status == "passed"
    assert "weights of model" in outcome.notes[0]
    assert task().grade(lambda model, x: model(x)).notes == ()


def test_a_task_may_refuse_a_grad_of_weights():
    task, mistake = frozen()
    assert task(mistake).grade(backward).message == "You fill."
    assert not any(w.requires_grad for w in task().grade.cases[0].values["model"].parameters())


def test_an_exchanged_layer_is_a_changed_argument():
    def exchanges(layers):
        layers[0] = nn.Identity()
        return torch.ones(1)

    def ones(layers):
        return torch.ones(1)

    one = case("one", "one net", layers=[net()])
    task = function_task("99.5", ones, cases=[one], mistakes=[], passed="Good.", hints=HINTS)
    assert task.grade(ones).status == "passed"
    with pytest.raises(Settled, match="its argument layers"):
        task.grade(exchanges)


# ---------------------------------------------------------------- paper


def on_paper(**settings):
    return paper_task(
        "99.3",
        Part("pair", (1, 2), row("swapped", "In the other order.", (2, 1))),
        Part("number", 7, row("off_by_one", "One more.", 8), differs="Not seven."),
        WordPart(
            "method",
            "guided",
            row("no_rule", "Which rule?", "gradient"),
            row("no_rule", "", "none"),
            words={"guided": "guided", "gb": "guided", "gradient": "gradient", "none": "none"},
        ),
        differs="{part} is not right.",
        passed="Good.",
        hints=HINTS,
        **settings,
    )


RIGHT = {"pair": (1, 2), "number": 7, "method": "guided"}


@pytest.mark.parametrize(
    ("change", "diagnosis", "message"),
    [
        ({}, None, "Good."),
        ({"method": "GB"}, None, "Good."),
        ({"pair": (2, 1)}, "swapped", "In the other order."),
        ({"number": 8}, "off_by_one", "One more."),
        ({"number": 9}, None, "Not seven."),
        ({"pair": (5, 5)}, None, "pair is not right."),
        ({"pair": (1, 2, 3)}, None, "2 number(s), you gave 3"),
        ({"method": "none"}, "no_rule", "Which rule?"),
        ({"method": "cam"}, None, "one of guided, gradient, none. You gave cam."),
        ({"method": None}, None, "Still open: method"),
    ],
)
def test_paper_is_judged_part_by_part(change, diagnosis, message):
    outcome = judged(on_paper(), {**RIGHT, **change})
    assert outcome.diagnosis == diagnosis
    assert message in outcome.message


def test_a_wrong_answer_on_paper_has_one_wrong_part():
    task = on_paper()
    assert task.reference == {"pair": (1, 2), "number": 7, "method": "guided"}
    assert task.misconceptions["no_rule"] == {**task.reference, "method": "gradient"}
    assert on_paper(handed_in=tuple).reference == ((1, 2), 7, "guided")


def test_evidence_on_paper_may_be_told_in_own_words():
    plain, own_words = on_paper(), {**RIGHT, "pair": (5, 5)}
    assert judged(plain, own_words).evidence == "For pair: yours [5, 5]."
    task = on_paper(evidence="{right} right; number {number}, method {method}.")
    assert judged(task, own_words).evidence == "2 right; number [7], method guided."


# ---------------------------------------------------------------- claims


class Number(Claim):
    wanted = 0.5

    def read(self, answer):
        self.number = float(answer)
        self.entered = 0

    def steady(self):
        if self.number == 13:
            raise ValueError("no number to be steady about")
        return super().steady()


def claim(**settings):
    return claim_task(
        "99.4",
        Number,
        name="your number",
        right=1,
        unfit=[wrong("large", "{number} is above 10.", lambda it: it.number > 10)],
        mistakes=[
            wrong("negative", "Below 0: {number}.", lambda it: it.number < 0, -1),
            wrong("far_below", "Far below.", lambda it: it.number < -5, diagnosis="negative"),
            wrong("small", "At least {wanted}.", lambda it: it.number < it.wanted),
        ],
        passed="{number} will do.",
        hints=HINTS,
        **settings,
    )


@pytest.mark.parametrize(
    ("answer", "status", "diagnosis", "message"),
    [
        (1, "passed", None, "1 will do."),
        (13, "not_right", None, "13 is above 10."),  # asked before anything else is
        (-1.25, "not_right", "negative", "Below 0: -1.25."),
        (0, "not_right", None, "At least 0.5."),
    ],
)
def test_a_claim_gets_the_first_line_that_holds(answer, status, diagnosis, message):
    outcome = claim().grade(answer)
    assert (outcome.status, outcome.diagnosis, outcome.message) == (status, diagnosis, message)


def test_only_lines_with_an_example_are_mistakes():
    task = claim(evidence="You gave {number}.")
    assert task.misconceptions == {"negative": -1}
    assert task.grade(0).evidence == "You gave 0."
    assert task.grade(11).evidence == ""
    assert claim().grade(0).evidence == ""


def claims():
    return claim_task(
        "99.6",
        {"first": Number, "second": Number},
        name="your numbers",
        right={"first": 1, "second": 2},
        mistakes=[
            wrong("negative", "{number} is below 0.", lambda it: it.number < 0, {"first": -1})
        ],
        passed="Both will do.",
        progress="Done: {done}. {reason}",
        hints=HINTS,
        bugs={"first": right},
    )


@pytest.mark.parametrize(
    ("answer", "status", "diagnosis", "message"),
    [
        ((1, 2), "passed", None, "Both will do."),
        ((1, -2), "not_right", "negative", "Done: first. -2 is below 0."),
        ((-1, -2), "not_right", "negative", "Done: none yet. -1 is below 0."),
        ((None, 2), "not_done", None, "Done: second. Your numbers: the part first is still open."),
        ((None, -2), "not_right", None, "Done: none yet. Your numbers: the part first is"),
        ((1, 2, 3), "not_right", None, "your numbers"),
        ((None, "..."), "not_done", None, "Write your answer"),
    ],
)
def test_several_examples_are_judged_one_by_one(answer, status, diagnosis, message):
    outcome = judged(claims(), answer)
    assert (outcome.status, outcome.diagnosis) == (status, diagnosis)
    assert message.lower() in outcome.message.lower()


def test_the_record_of_a_claim_may_hold_more():
    assert claims().bugs == {"first": right}
    assert claims().misconceptions == {"negative": {"first": -1}}


# ---------------------------------------------------------------- through the checker's process


def test_swapped_steps_travel_to_the_checker():
    wrong_split = TASKS["08.2"].misconceptions["no_gates"]
    assert check("08.2", wrong_split).diagnosis == "no_gates"
