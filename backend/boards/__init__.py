"""How quality stands: hits, scores and praise by rule, agent, group and day 质检看板."""
