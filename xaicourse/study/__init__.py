"""Many runs: each result is written as soon as it is there, and a second run goes on."""
