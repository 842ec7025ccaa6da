"""Importing this file reads every file of this folder, so that METHODS is full.

`import xaicourse` does not do so: a method's own file is read when the method is first used.
"""

from importlib import import_module
from pkgutil import walk_packages

import xaicourse.methods

for module in walk_packages(xaicourse.methods.__path__, "xaicourse.methods."):
    if module.name != __name__:
        import_module(module.name)
