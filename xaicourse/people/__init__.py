"""Which map convinces people, and whether it helps them: studies, their answers, their analysis."""

from xaicourse.people.agreement import krippendorff_alpha
from xaicourse.people.answers import Answer, Answers
from xaicourse.people.gains import Gain, Gains, analyse_guesses, mcnemar
from xaicourse.people.joined import join_answers
from xaicourse.people.power import Studies, power, simulate_studies
from xaicourse.people.shares import (
    Choices,
    OverRaters,
    Share,
    analyse_choices,
    over_raters,
    share_of,
)
from xaicourse.people.simulatability import Guess, Simulatability, simulatability
from xaicourse.people.simulated import SimulatedRater, SimulatedReader
from xaicourse.people.strengths import Strengths, bradley_terry, count_wins
from xaicourse.people.trials import ForcedChoice, Trial, forced_choice

__all__ = [
    "Answer",
    "Answers",
    "Choices",
    "ForcedChoice",
    "Gain",
    "Gains",
    "Guess",
    "OverRaters",
    "Share",
    "Simulatability",
    "SimulatedRater",
    "SimulatedReader",
    "Strengths",
    "Studies",
    "Trial",
    "analyse_choices",
    "analyse_guesses",
    "bradley_terry",
    "count_wins",
    "forced_choice",
    "join_answers",
    "krippendorff_alpha",
    "mcnemar",
    "over_raters",
    "power",
    "share_of",
    "simulatability",
    "simulate_studies",
]
