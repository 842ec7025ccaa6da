"""placeholder"""


def adaptive_integral(question, path, tol, most):
    raise NotImplementedError
