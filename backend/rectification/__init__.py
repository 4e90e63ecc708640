"""Special rectification lists 专项整治台账: what is to be put right, place by place, until it is checked."""
