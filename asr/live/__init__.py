"""Live captions: the sound of calls while they last, turned into words that are shown and kept nowhere.

Asterisk --20 ms frames, a WebSocket a leg--> server.py --120 ms pieces, pipes--> child.py (Kaldi) --> captions
"""
