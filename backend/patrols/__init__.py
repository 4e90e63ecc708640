"""Patrols after closing 回访巡查, and what supervisors on patrol report themselves."""
