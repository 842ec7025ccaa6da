# %% [markdown] tags=["header"]
# # 90 · Exercises

# %% tags=["setup"]
import fake_xc as xc

# %% [markdown]
# ## Task 90.1 · The answer
# **Goal** G2 · **Level** 1 of 5 · **Minutes** 2
#
# What is the answer?

# %% tags=["task"]
### BEGIN SOLUTION
# STUB: answer = None  # a number
answer = 6 * 7
### END SOLUTION

# %% tags=["check"]
xc.check("90.1", answer)

# %% [markdown] tags=["solution"]
# Six times seven is forty-two.

# %% [markdown]
# ## Task 90.2 · Double it
# **Goals** G1, G3 · **Level** 2 of 5 · **Minutes** 3 · **Points** 4
#
# ### What to write


# %% tags=["task"]
def double(x):
    """Return two times `x`."""
    ### BEGIN SOLUTION
    # STUB: result = ...
    # STUB: for _ in range(2):
    # STUB:     result += ...
    secret = 2
    return secret * x
    ### END SOLUTION


# %% tags=["check"]
xc.check(
    "90.2",
    double,
)

# %% [markdown] tags=["answer"]
# Why is it twice the number?
#
# ### BEGIN SOLUTION
# Because adding a number to itself is the secret of doubling.
# ### END SOLUTION

# %% [markdown]
# ## Where you are now

# %%
print("the answer", answer)
