"""The pure core: matching, settling, rules, facts, plans. Functions of values, nothing else."""
