"""One file a claim: `WORDS` that say what was published and done here, and how it is measured."""
