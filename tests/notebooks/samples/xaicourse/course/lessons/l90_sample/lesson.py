# %% [markdown] tags=["header"]
# # 90 · A sample
# Five minutes.
#
# | | |
# |---|---|
# | **Practise** | the sheet `exercises/90_sample.ipynb`: core tasks 5 minutes |
# | **Time** | 5 minutes |

# %% [markdown] tags=["goals"]
# - **G1** you can double.
# - **G2** you can name the answer.
# - **G3** you can say why.

# %% tags=["setup"]
import fake_xc as xc

# %% [markdown] tags=["symbols"]
# - $x$ is a number.

# %%
xc.Picture("Figure: a grey ramp from dark at the top to light at the bottom")

# %% [markdown] tags=["question"]
# ## Predict
# **Predict (90.P1).** What is two times three?

# %% tags=["question"]
xc.predict("90.P1")

# %%
# cat and ls begin this comment, which is no shell command
print("one", end=" ")
print("line")
abs(-6)

# %% [markdown]
# <details><summary>Answer to 90.P1</summary>
#
# Six.
# </details>
#
# And what is three times two?

# %% [markdown]
# ### Task 90.3 · Triple it
# **Goal** G1 · **Level** 1 of 5 · **Minutes** 5 · **Importance** 4 of 5
#
# Write `triple(x)`.


# %% tags=["task"]
def triple(x):
    """Return three times `x`."""
    ### BEGIN SOLUTION
    # STUB: result = ...
    hidden = 3
    return hidden * x
    ### END SOLUTION


# %% tags=["check"]
xc.check("90.3", triple)

# %% [markdown] tags=["fold"]
# One product is enough. The usual mistake is to add three.

# %%
thrice = xc.or_reference("90.3", triple)
print("thrice two is", thrice(2))

# %% tags=["machinery"]
assert thrice(2) == 6

# %% tags=["own-model"]
own = 2 * 3

# %% [markdown] tags=["deeper"]
# ## Go deeper

# %% tags=["panel"]
xc.Picture("Panel: the ramp again", size=60, widget=True)

# %% [markdown]
# ## What to remember
# Two times three is six.
