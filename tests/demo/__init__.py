"""The main job on real input, from news to inbox: `make demo`."""
