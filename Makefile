# Each target calls lab.py, which does the same where there is no make: python lab.py lab
# PYTHON chooses the interpreter that makes .venv; EXTRAS chooses what is installed into it.
PYTHON ?= python3
export EXTRAS

.PHONY: help lab test notebooks site check bench wheels
help:
	@$(PYTHON) lab.py --help
lab test notebooks site check bench wheels:
	@$(PYTHON) lab.py $@
