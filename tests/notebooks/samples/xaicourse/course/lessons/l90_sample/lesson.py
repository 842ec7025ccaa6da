# %% [markdown] tags=["header"]
# # 90 · A sample
# Five minutes.
#
# | | |
# |---|---|
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

# %% tags=["own-model"]
own = 2 * 3

# %% [markdown] tags=["deeper"]
# ## Go deeper

# %% tags=["panel"]
xc.Picture("Panel: the ramp again", size=60, widget=True)

# %% [markdown]
# ## What to remember
# Two times three is six.
