"""The siege: `mbx run` as real processes, through days of people's commits, bad weather, kills and forgeries.

A seed decides what happens; in the end a judge who shares no code with the planner says whether the tenant is
what the specs say, whether anything else was touched, and whether each right was written once. Run one:
`python -m tests.siege --seed 7 --days 3`, or `make siege SEED=7`.
"""
